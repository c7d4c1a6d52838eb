/** The output of `ensemble test`. */

import type { EnsembleError } from '../errors.js';
import type { RuleReport } from '../model/rule-report.js';
import type { TestCase } from '../model/test.js';
import { type FiringDifference, firingText, type Mismatch } from '../testing/compare.js';
import type { TestRun } from '../testing/run-test.js';
import { escapeControls } from '../text/describe.js';
import { print } from './output.js';
import { heldBackLines, neverFiredLines } from './rule-lines.js';
import { type Colors, colorsFor, layoutFor } from './tables.js';

export interface TestReporter {
  /** The tests of this file follow. */
  file(path: string): void;
  /** A test has run; it passes without mismatches. */
  test(path: string, test: TestCase, run: TestRun, mismatches: readonly Mismatch[], seconds: number): void;
  /** A test could not be run. */
  broken(path: string, test: TestCase, error: EnsembleError, seconds: number): void;
  /** All tests of the file have run. */
  fileEnd(): void;
  /** All tests have run. */
  finish(): { readonly passed: number; readonly failed: number };
}

/** Firings shown around a difference in a long list. */
const CONTEXT = 3;

const widthOfTerminal = () => layoutFor(process.stdout, 'wrap').width;

/** Returns whether an expected firing is missing. */
function isMissing(mismatch: Mismatch): boolean {
  return mismatch.kind === 'firings' && mismatch.differences.some(({ what }) => what === 'missing');
}

/** Formats a time to the millisecond: `10s`, `1.5s`. */
function showTime(seconds: number): string {
  return `${Number(seconds.toFixed(3))}s`;
}

function showNumber(value: number | null): string {
  return value === null ? 'no value' : String(Number(value.toPrecision(9)));
}

/** The rules of a file over all of its tests. */
class FileRules {
  /** The most informative report of each rule, with the name of its test. */
  readonly #rules = new Map<string, { report: RuleReport; test: string }>();
  #tests = 0;

  add(test: string, reports: readonly RuleReport[]): void {
    this.#tests++;
    for (const report of reports) {
      // A rule added at run time may differ between tests.
      const key = `${report.rule} ${report.due}`;
      const before = this.#rules.get(key)?.report;
      const isNews = before === undefined || (report.firings > 0 ? report.why !== '' : before.firings === 0);
      const isFirst = before?.firings === 0 && report.firings > 0;
      if (isNews || isFirst) this.#rules.set(key, { report, test });
    }
  }

  /** Yields lines about rules that did not fire or were prevented from firing. */
  *lines(width: number): Generator<string> {
    const isOne = this.#tests === 1;
    const options = { width, indent: '  ', where: isOne ? ' in this test' : ' in these tests' };
    const rules = [...this.#rules.values()].map(({ report, test }) =>
      isOne || report.why === '' ? report : { ...report, why: `${report.why} (${test})` },
    );
    yield* neverFiredLines(rules, options);
    yield* heldBackLines(rules, options);
  }
}

export function textTestReporter(): TestReporter {
  const colors = colorsFor(process.stdout);
  const begun = performance.now();
  let passed = 0;
  let failed = 0;
  let rules = new FileRules();
  const head = (mark: string, name: string, line: number | null, path: string, seconds: number) => {
    const place = line === null ? '' : colors.dim(`  ${path}:${line}`);
    print(`  ${mark} ${escapeControls(name)} ${colors.dim(`(${(seconds * 1000).toFixed(0)} ms)`)}${place}`);
  };
  return {
    file: (path) => {
      rules = new FileRules();
      print(colors.bold(path));
    },
    fileEnd: () => {
      for (const line of rules.lines(widthOfTerminal())) print(colors.dim(line));
    },
    test: (path, { name, line }, run, mismatches, seconds) => {
      rules.add(name, run.rules);
      if (mismatches.length === 0) {
        passed++;
        head(colors.green('✓'), name, null, path, seconds);
        return;
      }
      failed++;
      head(colors.red('✗'), name, line, path, seconds);
      for (const mismatch of mismatches) printMismatch(mismatch, colors);
      if (mismatches.some(isMissing)) {
        for (const text of neverFiredLines(run.rules, { width: widthOfTerminal(), indent: '      ' }))
          print(text);
      }
      for (const line of run.output) print(colors.dim(`      printed: ${escapeControls(line)}`));
    },
    broken: (path, { name, line }, error, seconds) => {
      failed++;
      head(colors.red('✗'), name, line, path, seconds);
      print(`      ${colors.red(escapeControls(error.message))} [${error.code}]`);
    },
    finish: () => {
      const parts = [
        ...(passed > 0 ? [colors.green(`${passed} passed`)] : []),
        ...(failed > 0 ? [colors.red(`${failed} failed`)] : []),
      ];
      const milliseconds = (performance.now() - begun).toFixed(0);
      if (parts.length > 0) print(`\n${parts.join(', ')} ${colors.dim(`(${milliseconds} ms)`)}`);
      return { passed, failed };
    },
  };
}

function printMismatch(mismatch: Mismatch, colors: Colors): void {
  const expectedAndFound = (what: string, expected: string, found: string) =>
    print(`      ${what}: expected ${colors.red(expected)}, found ${colors.green(found)}`);
  switch (mismatch.kind) {
    case 'firings':
      print(
        `      firings ${colors.dim('(')}${colors.red('- expected')}, ${colors.green('+ found')}${colors.dim(')')}`,
      );
      printFirings(mismatch.differences, colors);
      break;
    case 'metric':
      expectedAndFound(
        escapeControls(mismatch.name),
        escapeControls(mismatch.expected),
        showNumber(mismatch.found),
      );
      break;
    case 'end':
    case 'state':
      expectedAndFound(mismatch.kind, mismatch.expected, mismatch.found);
      break;
    case 'trouble': {
      const place = mismatch.line === null ? '' : ` (line ${mismatch.line})`;
      print(
        `      ${colors.red(`at ${showTime(mismatch.time)}: ${escapeControls(mismatch.message)}`)}${place}`,
      );
    }
  }
}

function printFirings(differences: readonly FiringDifference[], colors: Colors): void {
  const times = differences.map(({ firing }) => showTime(firing.time));
  const width = Math.max(...times.map((time) => time.length));
  const textWidth = Math.max(...differences.map(({ firing }) => firing.text.length));
  const isNear = (index: number) =>
    differences.slice(Math.max(index - CONTEXT, 0), index + CONTEXT + 1).some(({ what }) => what !== 'same');
  let hidden = 0;
  const tellHidden = () => {
    if (hidden > 0) print(colors.dim(`        ... ${hidden} as expected`));
    hidden = 0;
  };
  for (const [index, { what, firing }] of differences.entries()) {
    if (!isNear(index)) {
      hidden++;
      continue;
    }
    tellHidden();
    const by = firing.by === null ? '' : `  ${firing.by}`;
    const text = `${(times[index] as string).padStart(width)}  ${firing.text.padEnd(by === '' ? 0 : textWidth)}`;
    const line = escapeControls(`${text}${by}`);
    if (what === 'same') print(colors.dim(`        ${line}`));
    else if (what === 'missing') print(colors.red(`      - ${line}`));
    else print(colors.green(`      + ${line}`));
  }
  tellHidden();
}

export function jsonTestReporter(): TestReporter {
  const line = (object: object) => print(JSON.stringify(object));
  let passed = 0;
  let failed = 0;
  return {
    file: () => {},
    fileEnd: () => {},
    test: (path, { name, line: place }, run, mismatches, seconds) => {
      if (mismatches.length === 0) passed++;
      else failed++;
      line({
        type: 'test',
        file: path,
        line: place,
        name,
        passed: mismatches.length === 0,
        seconds,
        end: run.end,
        by: run.by,
        rules: run.rules,
        duration: run.duration,
        firings: run.firings.map((firing) => ({
          time: firing.timestamp - run.start,
          rule: firing.rule,
          name: firing.name,
          text: firingText(firing),
          value: firing.value,
        })),
        mismatches,
        output: run.output,
      });
    },
    broken: (path, { name, line: place }, error, seconds) => {
      failed++;
      const { code, message } = error;
      line({ type: 'test', file: path, line: place, name, passed: false, seconds, error: { code, message } });
    },
    finish: () => {
      line({ type: 'summary', passed, failed });
      return { passed, failed };
    },
  };
}
