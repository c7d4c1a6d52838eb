import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { actionNames, namedActions } from '../../../src/actions/catalog.js';
import { plugin } from '../../../src/actions/plugin.js';
import { ensembleJsonSchema } from '../../../src/config/schema/json-schema.js';
import { TRIGGERS, triggerKinds } from '../../../src/language/triggers/catalog.js';
import { DERIVED_EVENTS, JOB_EVENTS } from '../../../src/language/triggers/job-events.js';
import { COUNTS, STATISTICS, VARIABLES } from '../../../src/model/metric-names.js';
import { mismatchesOf } from '../../../src/testing/compare.js';
import { runTest } from '../../../src/testing/run-test.js';
import { root } from '../../support/cli.js';
import { diagnose, read } from '../../support/config.js';

/** The page names some of the events of RFC 21; the standard has all of them. */
const JOB_EVENT_TRIGGERS = new Set(Object.keys(JOB_EVENTS).map((event) => `job-${event}`));

interface Example {
  /** The line of the page on which it begins. */
  readonly line: number;
  readonly text: string;
}

const page = readFileSync(join(root, 'docs/rules.md'), 'utf8');

function examplesOf(markdown: string): Example[] {
  return [...markdown.matchAll(/^```yaml[^\n]*\n(.*?)^```$/gms)].map((match) => ({
    line: markdown.slice(0, match.index).split('\n').length + 1,
    text: match[1] ?? '',
  }));
}

/** The rows of the tables after a heading, without their headers. */
function tablesUnder(heading: string): string[][][] {
  const [, after = ''] = page.split(`${heading}\n`);
  return [...after.matchAll(/^\|.*\|\n(?:\|.*\|\n)*/gm)].map(([table]) => {
    const rows = table.trim().split('\n').slice(2);
    return rows.map((row) => {
      const cells = row.split('|').slice(1, -1);
      return cells.map((cell) => cell.trim());
    });
  });
}

const has = (key: string, text: string) => new RegExp(`^${key}:`, 'm').test(text);
/** A top-level key of an example with everything below it. */
const part = (key: string, text: string) =>
  new RegExp(`^${key}:.*\n(?:(?:[ #-].*)?\n)*`, 'm').exec(text)?.[0];

const examples = examplesOf(page);
const jobs = part('jobs', examples[0]?.text ?? '');
const rules = part('rules', examples[0]?.text ?? '');

/**
 * A block without jobs uses those of the first block, as the page explains. They are added at its end, so
 * that line numbers stay.
 */
function complete(text: string): string {
  if (has('jobs', text)) return text;
  return has('rules', text) ? `${text}\n${jobs}` : `${text}\n${jobs}\n${rules}`;
}

describe('docs/rules.md', () => {
  test('has examples, and the first one has the jobs of all', () => {
    expect(examples.length).toBeGreaterThan(5);
    expect(read(complete('rules: []\n')).config.groups.size).toBe(2);
  });

  test('has every key, trigger, action and statistic, in backticks', () => {
    const words = new Set<string>();
    const prose = page.replaceAll(/^```.*?^```/gms, '');
    for (const [, code = ''] of prose.matchAll(/`([^`\n]+)`/g)) {
      for (const [word] of code.matchAll(/[A-Za-z][\w-]*/g)) words.add(word);
    }
    const missing = new Set<string>();
    const look = (part: unknown): void => {
      if (typeof part !== 'object' || part === null) return;
      const { properties } = part as { properties?: object };
      for (const name of Object.keys(properties ?? {})) if (!words.has(name)) missing.add(name);
      for (const inner of Object.values(part)) look(inner);
    };
    look(ensembleJsonSchema());
    const named = [
      ...TRIGGERS.map(({ name }) => name).filter((name) => !JOB_EVENT_TRIGGERS.has(name)),
      ...actionNames,
      ...STATISTICS,
      ...COUNTS,
      ...VARIABLES,
    ];
    for (const name of named) if (!words.has(name)) missing.add(name);
    expect([...missing]).toEqual([]);
  });

  test('the tables of triggers are those of the catalog', () => {
    const expected = Object.values(triggerKinds).map(({ name, namePhrase, keys, lasts, description }) => {
      const names = [
        ...(namePhrase === null ? [] : ['name']),
        ...Object.keys(keys),
        ...(lasts === 'never' ? [] : ['for']),
      ];
      return [`\`${name}\``, names.map((key) => `\`${key}\``).join(', '), description];
    });
    expect(tablesUnder('## Rules')[0]).toEqual(expected);
    expect(tablesUnder('## Rules')[1]).toEqual(
      Object.entries(DERIVED_EVENTS).map(([event, description]) => [`\`job-${event}\``, description]),
    );
  });

  test('the table of actions is that of the catalog', () => {
    const kinds = [
      ...actionNames.map((name) => [name, namedActions[name]] as const),
      ['PLUGIN.ACTION', plugin] as const,
    ];
    const expected = kinds.map(([name, { keys, description }]) => {
      const names = Object.keys(keys).map((key) => `\`${key}\``);
      return [`\`${name}\``, names.join(', '), description];
    });
    expect(tablesUnder('### Actions')[0]).toEqual(expected);
  });

  test.each(examples)('the example on line $line is valid', ({ line, text }) => {
    // Some jobs of the first block have no use in another.
    const said = diagnose(complete(text), join(root, 'docs/rules.md')).filter(
      ({ message }) => has('jobs', text) || !message.startsWith('no rule submits jobs'),
    );
    expect(said.map((each) => `line ${line + (each.line ?? 0) - 1}: ${each.path}: ${each.message}`)).toEqual(
      [],
    );
  });

  const tried = examples.filter(({ text }) => has('tests', text));
  test.each(tried)('the tests of the example on line $line pass', async ({ text }) => {
    const loaded = read(complete(text), join(root, 'docs/rules.md'));
    for (const each of loaded.config.tests) {
      expect({ name: each.name, wrong: mismatchesOf(each, await runTest(loaded, each)) }).toEqual({
        name: each.name,
        wrong: [],
      });
    }
  });
});
