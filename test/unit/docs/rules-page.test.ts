import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { mismatchesOf } from '../../../src/testing/compare.js';
import { runTest } from '../../../src/testing/run-test.js';
import { root } from '../../e2e/cli.js';
import { diagnose, read } from '../config/helpers.js';

interface Example {
  /** Line of the page on which it begins. */
  readonly line: number;
  readonly text: string;
}

const page = readFileSync(join(root, 'docs/rules.md'), 'utf8');

function examplesOf(markdown: string): Example[] {
  return [...markdown.matchAll(/^```yaml\n(.*?)^```$/gms)].map((match) => ({
    line: markdown.slice(0, match.index).split('\n').length + 1,
    text: match[1] ?? '',
  }));
}

const has = (key: string, text: string) => new RegExp(`^${key}:`, 'm').test(text);
/** A top-level key of an example with all that is below it. */
const part = (key: string, text: string) =>
  new RegExp(`^${key}:.*\n(?:(?:[ #-].*)?\n)*`, 'm').exec(text)?.[0];

const examples = examplesOf(page);
const jobs = part('jobs', examples[0]?.text ?? '');

/** As the page says: a block without jobs goes with those of the first one. Behind it, so that lines stay. */
function complete(text: string): string {
  const withJobs = has('jobs', text) ? text : `${text}\n${jobs}`;
  return has('rules', withJobs) ? withJobs : `${withJobs}\nrules: []\n`;
}

describe('docs/rules.md', () => {
  test('has examples, and the first one has the jobs of all', () => {
    expect(examples.length).toBeGreaterThan(5);
    expect(read(complete('rules: []\n')).config.groups.size).toBe(2);
  });

  test.each(examples)('the example on line $line is right', ({ line, text }) => {
    const said = diagnose(complete(text), join(root, 'docs/rules.md')).filter(
      ({ message }) => !message.startsWith('there are no rules'),
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
