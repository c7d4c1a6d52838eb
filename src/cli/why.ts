/** `ensemble why [RUN] RULE|JOB`. */

import { Command } from 'commander';
import { EnsembleError } from '../errors.js';
import type { Rule } from '../model/ensemble.js';
import { formatJobId, parseJobId } from '../model/job-id.js';
import { readJobs } from '../run/open-run.js';
import { explainJob } from '../run/why/job.js';
import { type ReplayedRun, replayRun } from '../run/why/replayed.js';
import { explainRule } from '../run/why/rule.js';
import { damageWords, incompleteSince, incompleteWords } from '../store/log-gap.js';
import { findRun, type StoredRun } from '../store/runs.js';
import { stateFolder } from '../store/state-folder.js';
import { quote } from '../text/describe.js';
import { timeOf } from '../text/local-time.js';
import { didYouMean } from '../text/suggest.js';
import { countOption } from './count-option.js';
import { complain, print, printLines } from './output.js';
import { addStateOption, type StateOption } from './state-option.js';
import { colorsFor } from './tables.js';
import { jobReasonLines, ruleReasonLines } from './why-lines.js';
import { whyStopped } from './why-stopped.js';

interface WhyOptions extends StateOption {
  readonly limit?: number;
  readonly json?: boolean;
}

/** Firings that are shown without `--limit`; all of them in JSON. */
const SHOWN = 10;

/** The index of the rule that a user names: by its number, as `rules[3]`, or by its name. Null for another text. */
function ruleOf(text: string, rules: readonly (Rule | null)[]): number | null {
  const number = /^(?:rules\[(\d{1,9})\]|(\d{1,9}))$/.exec(text);
  if (number !== null) {
    const index = Number(number[1] ?? number[2]);
    return rules[index] == null ? null : index;
  }
  const named = [...rules.keys()].filter((index) => rules[index]?.title === text);
  if (named.length > 1) {
    const all = named.map((index) => `rules[${index}]`).join(', ');
    throw new EnsembleError(
      'ERR_RUN',
      `${named.length} rules have the name ${quote(text)}: name one of ${all}`,
    );
  }
  return named[0] ?? null;
}

function unknown(text: string, { manifest: { id } }: StoredRun, rules: readonly (Rule | null)[]): never {
  const names = rules.flatMap((rule) => (rule === null ? [] : [rule.title]));
  const hint =
    didYouMean(text, names) || `; name a rule by its number or its name, or a job of \`ensemble jobs ${id}\``;
  throw new EnsembleError('ERR_RUN', `run ${id} has no rule or job ${quote(text)}${hint}`);
}

/** JSON has ids of jobs as texts, because they may exceed the exact numbers of its readers. */
const toJson = (value: unknown) =>
  JSON.stringify(value, (_key, item) => (typeof item === 'bigint' ? formatJobId(item) : item));

function warnOfLoss({ damage }: ReplayedRun, { path, manifest: { id } }: StoredRun): void {
  const since = incompleteSince(path);
  if (since !== null) complain(incompleteWords(id, since), 'warning');
  if (damage === '') return;
  complain(damageWords(id, damage, 'the answer may be wrong'), 'warning');
}

/** Earlier firings count, but nothing else is known of them. */
function warnOfBeginning({ begins }: ReplayedRun, { manifest: { id } }: StoredRun): void {
  if (begins === null) return;
  complain(
    `the log of run ${id} begins at ${timeOf(begins)}, because of its limit (--log-limit): firings before are unknown`,
    'warning',
  );
}

async function why(wanted: string | undefined, text: string, options: WhyOptions): Promise<void> {
  const stored = findRun(stateFolder(options.state), wanted);
  const run = await replayRun(stored, null);
  warnOfLoss(run, stored);
  warnOfBeginning(run, stored);
  const index = ruleOf(text, run.rules);
  if (index !== null) return whyRule(stored, index, options);
  const id = parseJobId(text);
  const jobs = await readJobs(stored);
  const row = id === null ? -1 : jobs.table.jobs.ids.lastIndexOf(id);
  if (row < 0) unknown(text, stored, run.rules);
  const reason = explainJob(run, jobs.table, row);
  if (options.json) return print(toJson(reason));
  await printLines(jobReasonLines(reason, options.limit ?? SHOWN, colorsFor(process.stdout)));
  printStopped(stored, options);
}

/** A run without a process answers as if it went on. */
function printStopped(run: StoredRun, options: WhyOptions): void {
  const stopped = whyStopped(run, options);
  if (stopped === null) return;
  const { reason, command } = stopped;
  print(colorsFor(process.stdout).dim(`run ${run.manifest.id} ${reason}; to go on with it: ${command}`));
}

/** The log is taken in once more, because the values at each firing of the rule are requested before. */
async function whyRule(stored: StoredRun, index: number, options: WhyOptions): Promise<void> {
  const { json, limit } = options;
  const run = await replayRun(stored, index);
  const reason = explainRule(run, index);
  if (json) return print(toJson(reason));
  const rule = run.rules[index];
  if (rule == null) return;
  await printLines(ruleReasonLines(reason, rule, run.config, limit ?? SHOWN, colorsFor(process.stdout)));
  printStopped(stored, options);
}

export function whyCommand(): Command {
  const command = new Command('why')
    .description('explain why a rule fired or did not fire, or why a job was submitted')
    .argument('<run-or-item>', 'the run: its id, name or folder; without it, the latest run of this folder')
    .argument('[item]', 'the rule: its number or its name; or the id of a job')
    .option('--limit <n>', 'at most n firings, the latest ones (default: 10)', countOption('firings'))
    .option('--json', 'print a JSON object with all firings');
  return addStateOption(command).action((first: string, second: string | undefined, options: WhyOptions) =>
    second === undefined ? why(undefined, first, options) : why(first, second, options),
  );
}
