/** The content of the report of a run that was kept. */

import { EnsembleError } from '../../errors.js';
import type { Fact, ReportContent, ReportRule } from '../../report/html/content.js';
import { grouped } from '../../report/html/html.js';
import { stamp } from '../../report/html/parts.js';
import { blame } from '../../store/blame/blame.js';
import { damageWords, incompleteWords } from '../../store/log-gap.js';
import { configurationFile, type RunManifest, readConfiguration } from '../../store/run-folder.js';
import type { StoredRun } from '../../store/runs.js';
import { countedTimes } from '../../text/counted.js';
import { readJobs } from '../open-run.js';
import { rulesNow } from '../rules-now.js';
import { type ReplayedRun, replayRun } from '../why/replayed.js';
import { actionWords } from './action-words.js';
import { hostFacts, reporterFacts } from './environment.js';
import { failuresOf } from './failures.js';
import { firingTimes } from './firing-times.js';

/**
 * Reads a run, also while it goes on. A part that can't be read is a warning in the report. Throws EnsembleError: `ERR_RUN` for a
 * run without a log, `ERR_FILE`.
 */
export async function reportOfRun(run: StoredRun): Promise<ReportContent> {
  const { manifest, state, path } = run;
  // The engine takes in the log on its own thread, while the jobs are read and compared.
  const replaying = replay(run);
  const stored = await readJobs(run);
  const { table } = stored;
  const found = blame(table);
  const failures = await failuresOf(table);
  const replayed = await replaying;
  const warnings: string[] = [];
  if (stored.damage !== null) warnings.push(damageWords(manifest.id, stored.damage));
  if (stored.incompleteSince !== null) warnings.push(incompleteWords(manifest.id, stored.incompleteSince));
  if (replayed instanceof EnsembleError) warnings.push(`the rules are unknown: ${replayed.message}`);
  else if (replayed.begins !== null) {
    warnings.push(`the log begins at ${stamp(replayed.begins)}: times of earlier firings are unknown`);
  }
  return {
    title: manifest.name,
    subtitle: `Run ${manifest.id}`,
    end: endOf(
      run,
      failures.reduce((sum, { count }) => sum + count, 0),
    ),
    facts: factsOf(run),
    warnings,
    table,
    begin: manifest.started,
    until: endTime(run, replayed, table.jobs.finish),
    failures,
    rules: replayed instanceof EnsembleError ? null : rulesOf(replayed, state === 'running'),
    blame: found,
    environment: [...environmentOf(manifest), ...hostFacts(table), ...reporterFacts()],
    file: fileOf(path, manifest),
  };
}

async function replay(run: StoredRun): Promise<ReplayedRun | EnsembleError> {
  try {
    return await replayRun(run, null);
  } catch (error) {
    if (error instanceof EnsembleError) return error;
    throw error;
  }
}

function endOf({ state }: StoredRun, failed: number): ReportContent['end'] {
  if (state === 'running') return { text: `goes on (${stamp(Date.now() / 1000)})`, kind: 'open' };
  if (state !== 'done' && state !== 'terminated') return { text: state, kind: 'bad' };
  if (failed === 0) return { text: state, kind: 'good' };
  return { text: `${state}, ${grouped(failed)} ${failed === 1 ? 'job' : 'jobs'} failed`, kind: 'bad' };
}

/** The end of the run; of a lost one, the last time that is known. */
function endTime(
  { manifest: { ended, started }, state }: StoredRun,
  replayed: ReplayedRun | EnsembleError,
  finish: Float64Array,
): number {
  if (ended !== null) return ended;
  if (state === 'running') return Date.now() / 1000;
  if (!(replayed instanceof EnsembleError)) return Math.max(started, replayed.latest);
  return finish.reduce((latest, time) => (time > latest ? time : latest), started);
}

function factsOf({ manifest, state }: StoredRun): Fact[] {
  const { file, folder, started, ended, exit, resumed, resumedAt } = manifest;
  const facts: Fact[] = [
    ['file', file === '' ? 'none: a program began the run' : file],
    ['folder', folder],
    ['began', stamp(started)],
    [
      'ended',
      ended === null ? (state === 'running' ? 'not yet' : 'unknown: its process was lost') : stamp(ended),
    ],
    ['state', state],
  ];
  if (exit !== null) facts.push(['exit status', String(exit)]);
  if (resumed > 0) {
    const last = resumedAt === null ? '' : `, the last time at ${stamp(resumedAt)}`;
    facts.push(['resumed', `${countedTimes(resumed)}${last}`]);
  }
  return facts;
}

function environmentOf({ host, pid, member, uri, ensemble, options }: RunManifest): Fact[] {
  const facts: Fact[] = [
    ['host', `${host} (process ${pid})`],
    ['member', uri === null ? member : `${member} (${uri})`],
    ['ensemble id', ensemble],
    ['log', `survives the end of the ${options.durability}`],
  ];
  if (options.slots !== null) facts.push(['slots', String(options.slots)]);
  return facts;
}

function rulesOf(run: ReplayedRun, goesOn: boolean): ReportRule[] {
  const timesOf = firingTimes(run.firings);
  return rulesNow(run).map(({ report, phase }) => {
    const { name, due, firings, why } = report;
    const rule = run.rules[report.rule] ?? null;
    return {
      ...{ name, due, firings, why, phase: goesOn ? phase : null },
      action: rule === null ? '' : actionWords(rule),
      times: timesOf(report.rule),
    };
  });
}

function fileOf(path: string, { file }: RunManifest): ReportContent['file'] {
  const text = readConfiguration(path);
  return text === null ? null : { name: file === '' ? configurationFile(path) : file, text };
}
