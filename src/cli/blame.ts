/** `ensemble blame [RUN]`. */

import { Command } from 'commander';
import { readJobs } from '../run/open-run.js';
import { type Blame, blame, type FailureFinding, type SlownessFinding } from '../store/blame/blame.js';
import type { Cause } from '../store/blame/causes.js';
import { PARAMETER_PREFIX } from '../store/jobs/parameters.js';
import { findRun } from '../store/runs.js';
import { stateFolder } from '../store/state-folder.js';
import { counted } from '../text/counted.js';
import { escapeControls } from '../text/describe.js';
import { shellWord } from '../text/shell.js';
import { show } from '../text/show.js';
import { flow } from '../text/width.js';
import { timeOf } from './job-cells.js';
import { warnOfDamage } from './jobs.js';
import { print, printLines, terminalWidth } from './output.js';
import { addStateOption, type StateOption } from './state-option.js';
import { type Colors, colorsFor } from './tables.js';

type Finding = FailureFinding | SlownessFinding;

interface BlameOptions extends StateOption {
  readonly json?: boolean;
}

async function blameRun(wanted: string | undefined, { state, json }: BlameOptions): Promise<void> {
  const run = findRun(stateFolder(state), wanted);
  const stored = await readJobs(run);
  warnOfDamage(run, stored);
  const found = blame(stored.table);
  if (json) return print(JSON.stringify(recordOf(found)));
  const place = wanted?.includes('/') ? [shellWord(wanted)] : [run.manifest.id];
  if (state !== undefined) place.push(`--state ${shellWord(state)}`);
  await printLines(linesOf(found, place, terminalWidth(), colorsFor(process.stdout)));
}

function recordOf({ findings, ...counts }: Blame) {
  return {
    ...counts,
    findings: findings.map(({ logP, ...finding }) => ({ ...finding, log10P: logP / Math.LN10 })),
  };
}

/** Lines of text; those after the first have two columns more before them. */
function wrapped(text: string, indent: string, width: number): string[] {
  const lines = flow(text.split(' '), ' ', width - indent.length, '  ');
  return lines.map((line) => `${indent}${line}`);
}

function* linesOf(found: Blame, place: readonly string[], width: number, colors: Colors): Generator<string> {
  const { findings, jobs, failed, unknown, causes } = found;
  const left = unknown === 0 ? '' : `; ${counted(unknown, 'job')} with an unknown end not included`;
  yield* wrapped(`${failed} of ${counted(jobs, 'job')} failed${left}`, '', width);
  if (findings.length === 0) {
    yield* wrapped(`nothing stands out among ${counted(causes, 'possible cause')}`, '', width);
    return;
  }
  const seen = new Set<string>();
  for (const finding of findings) {
    const { effect, also, query } = finding;
    yield '';
    const more = seen.has(effect) ? '; jobs of the causes above are not included' : '';
    seen.add(effect);
    const [first = '', ...rest] = wrapped(`${effect}: ${factsOf(finding)}${more}`, '', width);
    yield first.replace(`${effect}:`, colors.bold(`${effect}:`));
    yield* rest;
    if (also !== null) yield* wrapped(`about the same jobs: those ${wordsOf(also)}`, '  ', width);
    if (finding.effect === 'failures') yield* reasonLines(finding, width);
    if (query !== null) yield* commandLines(finding.effect, query, place, width);
  }
}

/** The command that lists the jobs. */
function commandLines(
  effect: Finding['effect'],
  { results, where }: NonNullable<Finding['query']>,
  place: readonly string[],
  width: number,
): string[] {
  const sort = effect === 'slowness' ? ['--sort duration:desc'] : [];
  const options = [`--result ${results.join(',')}`, ...sort, `--where ${shellWord(where)}`];
  // A backslash continues the command on the next line.
  const lines = flow(['ensemble jobs', ...place, ...options], ' ', width - 4, '  ');
  return lines.map((line, i) => `  ${line}${i < lines.length - 1 ? ' \\' : ''}`);
}

function factsOf(finding: Finding): string {
  const { cause, logP, jobs, others } = finding;
  const chance = `(p < 1e${Math.max(-300, Math.ceil(logP / Math.LN10))})`;
  const subject = `${counted(jobs, 'job')} ${wordsOf(cause)}`;
  if (finding.effect === 'failures') {
    return `${finding.failed} of ${subject} failed, ${finding.otherFailed} of ${counted(others, 'other')} ${chance}`;
  }
  const { ratio, median, otherMedian, groups } = finding;
  const medians = groups > 1 ? '' : `: ${show(median)} s, not ${show(otherMedian)} s, in the median`;
  const compared = `${counted(others, 'other')} of the same group${groups > 1 ? 's' : ''}`;
  return `${subject} took ${show(Number(ratio.toPrecision(2)))} times as long as ${compared}${medians} ${chance}`;
}

/** Words after `jobs`. */
function wordsOf({ column, value, from, below, group }: Cause): string {
  const name = escapeControls(
    column.startsWith(PARAMETER_PREFIX) ? column.slice(PARAMETER_PREFIX.length) : column,
  );
  const shown = escapeControls(String(value));
  if (column === 'group') return `of group ${shown}`;
  if (column === 'hosts') return `on host ${shown}`;
  if (group !== null) return `of entry ${shown} of group ${escapeControls(group)}`;
  if (column === 'start' || column === 'finish') {
    const verb = column === 'start' ? 'started' : 'ended';
    if (from === null) return `that ${verb} before ${timeOf(below ?? 0)}`;
    if (below === null) return `that ${verb} from ${timeOf(from)} on`;
    return `that ${verb} from ${timeOf(from)} to ${timeOf(below)} (${show(below - from)} s)`;
  }
  if (value !== null) return `with ${name} = ${shown}`;
  if (from === null) return `with ${name} < ${below}`;
  return below === null ? `with ${name} >= ${from}` : `with ${from} <= ${name} < ${below}`;
}

function reasonLines({ reasons, failed }: FailureFinding, width: number): string[] {
  const known = reasons.filter(({ exit, exception }) => exit !== null || exception !== null);
  if (known.length === 0) return [];
  const words = known.map(({ exit, exception, jobs }) => {
    const what = exception === null ? `exit status ${exit}` : `exception ${escapeControls(exception)}`;
    return `${what} (${jobs === failed ? 'all' : counted(jobs, 'job')})`;
  });
  return wrapped(`ended with ${words.join(', ')}`, '  ', width);
}

export function blameCommand(): Command {
  const command = new Command('blame')
    .description('show what failed or slow jobs of a run have in common')
    .argument('[run]', 'its id, name or folder (default: the latest run that was started in this folder)')
    .option('--json', 'print one JSON object');
  return addStateOption(command).action((run: string | undefined, options: BlameOptions) =>
    blameRun(run, options),
  );
}
