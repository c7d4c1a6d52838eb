/** Failed jobs in plain text: a line for each failure, and a summary at the end. */

import type { FailedJob, Failure, FailureReason, GroupFailures } from '../model/failure.js';
import { formatJobId } from '../model/job-id.js';
import { counted } from '../text/counted.js';
import { escapeControls } from '../text/describe.js';
import { flow } from '../text/width.js';
import type { Colors } from './tables.js';

/** Width of a summary without a terminal. */
const PAGE = 80;
/** Maximum reasons shown for a group; the others are counted. */
const MAX_REASONS = 8;
/** Maximum groups shown one by one. */
const MAX_GROUPS = 50;

/** Returns `temperature=300, seed=7` in parentheses; empty without parameters. */
function describeParameters({ parameters }: FailedJob): string {
  const texts = Object.entries(parameters ?? {}).map(([name, value]) => `${name}=${value}`);
  return texts.length === 0 ? '' : ` (${escapeControls(texts.join(', '))})`;
}

function describeCause(reason: string, line: string | null | undefined): string {
  return escapeControls(line ? `${reason}: ${line}` : reason);
}

/** Returns the line about a job that has just failed. */
export function failureLine(failure: Failure, colors: Colors): string {
  const { group, job, reason, line, again, canceled } = failure;
  const what = canceled ? 'canceled' : 'failed';
  const which = `job ${formatJobId(job)}${describeParameters(failure)}`;
  const after = again ? '; it is submitted again' : '';
  return `${colors.red(`   ${what} ${escapeControls(group)}`)} ${which}: ${describeCause(reason, line)}${after}`;
}

/** Wraps text at words to this width. The first line begins with `first`, the others with `indent`. */
function wrapped(text: string, first: string, indent: string, width: number): string[] {
  const lines = flow(text.split(' '), ' ', Math.max(width - indent.length, 20));
  return lines.map((line, index) => `${index === 0 ? first : indent}${line}`);
}

function* reasonLines(reason: FailureReason, numbers: number, width: number): Generator<string> {
  const indent = ' '.repeat(numbers + 4);
  const count = `  ${String(reason.count).padStart(numbers)}  `;
  const [line, ...lines] = reason.lines;
  yield* wrapped(describeCause(reason.reason, line), count, indent, width);
  for (const other of lines) yield* wrapped(`also: ${escapeControls(other)}`, indent, indent, width);
  const jobs = reason.jobs.map((job) => `${formatJobId(job.job)}${describeParameters(job)}`);
  const more = reason.count > jobs.length ? ', ...' : '';
  if (jobs.length > 0) {
    yield* wrapped(
      `${jobs.length === 1 && more === '' ? 'job' : 'jobs'} ${jobs.join(', ')}${more}`,
      indent,
      indent,
      width,
    );
  }
  yield* fileLines(reason.jobs[0], indent);
}

/** Yields the places of the first job's output. Paths are not wrapped, so that they can be copied. */
function* fileLines(job: FailedJob | undefined, indent: string): Generator<string> {
  const error = job?.error ?? null;
  const output = job?.output ?? null;
  if (error !== null) yield `${indent}error: ${escapeControls(error)}`;
  if (output !== null) yield `${indent}output: ${escapeControls(output)}`;
}

function titleOf(group: string, { failed, canceled, jobs }: GroupFailures): string {
  const of = `of ${counted(jobs, 'job')} of ${escapeControls(group)}`;
  if (canceled === 0) return `${failed} ${of} failed:`;
  const by = `${canceled === 1 ? 'was' : 'were'} canceled from outside this run:`;
  return failed === 0 ? `${canceled} ${of} ${by}` : `${failed} ${of} failed, ${canceled} ${by}`;
}

function* groupLines(group: string, failures: GroupFailures, width: number): Generator<string> {
  const { reasons } = failures;
  yield titleOf(group, failures);
  const shown = reasons.slice(0, MAX_REASONS);
  const numbers = String(Math.max(0, ...shown.map(({ count }) => count))).length;
  for (const reason of shown) yield* reasonLines(reason, numbers, width);
  const rest = reasons.slice(MAX_REASONS);
  const left = rest.reduce((sum, { count }) => sum + count, 0);
  if (left > 0)
    yield `  ${counted(left, 'more job')} for ${counted(rest.length, 'other reason')} (--json has them)`;
}

/**
 * Yields how many jobs failed, why, which ones, and where their output is, after an empty line. Nothing without
 * failures.
 */
export function* failureLines(
  failures: ReadonlyMap<string, GroupFailures>,
  width: number,
  colors: Colors,
): Generator<string> {
  const columns = Number.isFinite(width) ? width : PAGE;
  let number = 0;
  for (const [group, ofGroup] of failures) {
    if (++number > MAX_GROUPS) break;
    yield '';
    let isTitle = true;
    for (const line of groupLines(group, ofGroup, columns)) {
      yield isTitle ? colors.red(line) : line;
      isTitle = false;
    }
  }
  const left = failures.size - MAX_GROUPS;
  if (left > 0) yield* ['', `Jobs of ${counted(left, 'more group')} failed (--json has them).`];
}
