/** `ensemble blame [RUN]`. */

import { Command } from 'commander';
import { endsOf, factsOf, wordsOf } from '../report/blame-words.js';
import { readJobs } from '../run/open-run.js';
import { type Blame, blame, type FailureFinding, type Finding } from '../store/blame/blame.js';
import { findRun } from '../store/runs.js';
import { stateFolder } from '../store/state-folder.js';
import { counted } from '../text/counted.js';
import { shellWord } from '../text/shell.js';
import { flow } from '../text/width.js';
import { warnOfDamage } from './jobs.js';
import { print, printLines, terminalWidth } from './output.js';
import { addStateOption, type StateOption } from './state-option.js';
import { type Colors, colorsFor } from './tables.js';

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

function reasonLines(finding: FailureFinding, width: number): string[] {
  const words = endsOf(finding);
  return words === null ? [] : wrapped(words, '  ', width);
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
