/** Compares the result of a test with its expectations. */

import { diffArrays } from 'diff';
import { metricValue } from '../engine/snapshot.js';
import { formatCondition, meets } from '../language/comparison.js';
import type { Firing } from '../model/firing.js';
import type { ExpectedFiring, ExpectedMetric, TestCase } from '../model/test.js';
import type { TestRun } from './run-test.js';

/** A firing as it is compared and shown. */
export interface ShownFiring {
  /** Seconds from the start of the test. */
  readonly time: number;
  /** `submit lammps`. */
  readonly text: string;
  /** The rule of a firing that was found. */
  readonly by: string | null;
  /** Line of the file for an expected firing. */
  readonly line: number | null;
}

export interface FiringDifference {
  /** Found as expected, expected but missing, or found but not expected. */
  readonly what: 'same' | 'missing' | 'extra';
  readonly firing: ShownFiring;
}

/** One difference from the expectations. */
export type Mismatch =
  | { readonly kind: 'firings'; readonly differences: readonly FiringDifference[] }
  | {
      readonly kind: 'metric';
      readonly name: string;
      readonly expected: string;
      readonly found: number | null;
      readonly line: number | null;
    }
  | { readonly kind: 'end' | 'state'; readonly expected: string; readonly found: string }
  | {
      readonly kind: 'trouble';
      readonly time: number;
      readonly message: string;
      readonly line: number | null;
    };

/** Returns all differences from the expectations; empty for a test that passes. */
export function mismatchesOf(test: TestCase, run: TestRun): Mismatch[] {
  const { expect } = test;
  const mismatches: Mismatch[] = run.errors.map((trouble) => ({ kind: 'trouble', ...trouble }));
  if (expect.firings !== null) {
    const differences = differencesOf(expect.firings, run, expect.within);
    if (differences.some(({ what }) => what !== 'same')) mismatches.push({ kind: 'firings', differences });
  }
  for (const metric of expect.metrics) {
    const found = metricValue(run.metrics, metric.metric);
    if (isAsExpected(metric, found)) continue;
    const { name, line } = metric;
    mismatches.push({ kind: 'metric', name, expected: describeExpected(metric), found, line });
  }
  if (expect.end !== null && expect.end !== run.end) {
    mismatches.push({ kind: 'end', expected: expect.end, found: run.end });
  }
  const state = run.metrics.status.state ?? 'none';
  if (expect.state !== null && expect.state !== state) {
    mismatches.push({ kind: 'state', expected: expect.state, found: state });
  }
  return mismatches;
}

/** Describes a firing in the words of a test: `submit lammps`. */
export function firingText({ action, label, goto }: Pick<Firing, 'action' | 'label' | 'goto'>): string {
  const name = (text: string) => (/^[^\s"']+$/.test(text) ? text : `"${text}"`);
  const goes = goto === null ? [] : [`goto ${name(goto)}`];
  if (action === 'goto' && goto !== null) return goes.join(' ');
  return [action, ...(label === null ? [] : [name(label)]), ...goes].join(' ');
}

function differencesOf(
  expected: readonly ExpectedFiring[],
  run: TestRun,
  within: number,
): FiringDifference[] {
  type Item = { readonly expected: ExpectedFiring } | { readonly found: Firing };
  const before: Item[] = expected.map((firing) => ({ expected: firing }));
  const after: Item[] = run.firings.map((firing) => ({ found: firing }));
  const changes = diffArrays(before, after, {
    comparator: (a, b) => {
      const wanted = 'expected' in a ? a.expected : 'expected' in b ? b.expected : null;
      const found = 'found' in a ? a.found : 'found' in b ? b.found : null;
      return wanted !== null && found !== null && fits(wanted, found, found.timestamp - run.start, within);
    },
  });
  return changes.flatMap(({ value, added, removed }) =>
    value.map((item) => ({
      what: added ? ('extra' as const) : removed ? ('missing' as const) : ('same' as const),
      firing: 'expected' in item ? shownExpected(item.expected) : shownFound(item.found, run.start),
    })),
  );
}

function fits(wanted: ExpectedFiring, found: Firing, time: number, within: number): boolean {
  // Differences below the precision of doubles of that size are ignored.
  if (Math.abs(time - wanted.time) > within + 1e-6) return false;
  if (wanted.action !== found.action) return false;
  if (wanted.label !== null && wanted.label !== found.label) return false;
  if (wanted.goto !== null && wanted.goto !== found.goto) return false;
  return wanted.by === null || [found.name, found.trigger, `rules[${found.rule}]`].includes(wanted.by);
}

function shownExpected({ time, text, line }: ExpectedFiring): ShownFiring {
  return { time, text, by: null, line };
}

function shownFound(firing: Firing, start: number): ShownFiring {
  return { time: firing.timestamp - start, text: firingText(firing), by: describeRule(firing), line: null };
}

/** Describes the rule, the value of its metric, and its algorithm: `count.sleep.success = 3 (replace-failures)`. */
function describeRule({ name, value, algorithm }: Firing): string {
  // The text of an expression names several metrics and needs no value.
  const measured = value === null || /\s/.test(name) ? name : `${name} = ${Number(value.toPrecision(6))}`;
  return algorithm === null ? measured : `${measured} (${algorithm})`;
}

function isAsExpected({ value: expected }: ExpectedMetric, found: number | null): boolean {
  switch (expected.kind) {
    case 'none':
      return found === null;
    case 'near':
      return found !== null && Math.abs(found - expected.value) <= expected.tolerance;
    case 'condition':
      return found !== null && meets(found, expected.condition);
  }
}

function describeExpected({ value, text }: ExpectedMetric): string {
  if (value.kind === 'none') return 'no value';
  return value.kind === 'condition' ? formatCondition(value.condition) : text;
}
