/** The content of the report of a recording. */

import { basename, resolve } from 'node:path';
import type { LoadedConfig } from '../../config/load.js';
import type { EnsembleConfig } from '../../model/ensemble.js';
import type { Firing } from '../../model/firing.js';
import { firstGroups, RecordedJobs } from '../../recording/jobs.js';
import { openRecording } from '../../recording/reader.js';
import { Replay } from '../../recording/replay.js';
import type { ReportContent } from '../../report/html/content.js';
import { grouped } from '../../report/html/html.js';
import { stamp } from '../../report/html/parts.js';
import { blame } from '../../store/blame/blame.js';
import { JobTable } from '../../store/jobs/table.js';
import { counted } from '../../text/counted.js';
import { actionWords } from './action-words.js';
import { hostFacts, reporterFacts } from './environment.js';
import { failuresOf } from './failures.js';
import { firingTimes } from './firing-times.js';

const NOWHERE = { nodes: null, tasks: null, output: null, error: null };

/** An ensemble whose rules are evaluated. */
export interface RecordedEnsemble {
  readonly name: string;
  readonly text: string;
  readonly loaded: LoadedConfig;
}

/** Reads a recording for the statistics of its groups and the firings of rules, and for the jobs of these groups. */
async function readRecording(path: string, groups: readonly string[], config: EnsembleConfig | undefined) {
  const firings: Firing[] = [];
  const jobs = await RecordedJobs.open(groups);
  try {
    const replay = new Replay(await openRecording(path), {
      ...(config === undefined ? {} : { config }),
      firing: (firing) => firings.push(firing),
      ready: (piece) => jobs.take(piece),
    });
    const result = await replay.run();
    return { result, firings, jobs: await jobs.columns() };
  } finally {
    await jobs.close();
  }
}

/**
 * Reads a recording. Without an ensemble, every group counts and the rules are unknown. Throws EnsembleError `ERR_FILE`
 * for a file without a record.
 */
export async function reportOfRecording(
  path: string,
  ensemble: RecordedEnsemble | null,
): Promise<ReportContent> {
  const config = ensemble?.loaded.config;
  const expected = config === undefined ? await firstGroups(path) : [...config.groups.keys()];
  let read = await readRecording(path, expected, config);
  const { error, rules, metrics } = read.result;
  const { status } = metrics;
  if (error !== null && status.records === 0) throw error;
  const groups = [...metrics.groups.keys()];
  if (!groups.every((name) => expected.includes(name))) read = await readRecording(path, groups, config);
  const { jobs, firings } = read;
  const timesOf = firingTimes(firings);
  const table = new JobTable({
    jobs,
    titleOf: (rule) => config?.rules[rule]?.title ?? null,
    variablesOf: () => [],
    textsOf: () => [],
    place: () => NOWHERE,
  });
  const warnings: string[] = [];
  if (error !== null) warnings.push(error.message);
  if (status.decodeErrors > 0) {
    warnings.push(`${counted(status.decodeErrors, 'line')} of the recording can't be read`);
  }
  return {
    title: basename(path),
    subtitle: 'Recording',
    end: { text: `ends ${stamp(status.latest)}`, kind: 'open' },
    facts: [
      ['file', resolve(path)],
      ['first event', stamp(status.earliest)],
      ['last event', stamp(status.latest)],
      ['events', `${grouped(status.events)} in ${grouped(status.records)} records`],
    ],
    warnings,
    table,
    begin: status.earliest,
    until: status.latest,
    failures: await failuresOf(table),
    rules:
      ensemble === null
        ? null
        : rules.map((report) => {
            const rule = ensemble.loaded.config.rules[report.rule];
            const action = rule === undefined ? '' : actionWords(rule);
            return { ...report, action, phase: null, times: timesOf(report.rule) };
          }),
    blame: blame(table),
    environment: [...hostFacts(table), ...reporterFacts()],
    file: ensemble,
  };
}
