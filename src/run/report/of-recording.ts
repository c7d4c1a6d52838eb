/** The content of the report of a recording. */

import { basename, resolve } from 'node:path';
import type { LoadedConfig } from '../../config/load.js';
import type { Firing } from '../../model/firing.js';
import { firstGroups, recordedJobs } from '../../recording/jobs.js';
import { openRecording } from '../../recording/reader.js';
import { Replay } from '../../recording/replay.js';
import type { ReportContent } from '../../report/html/content.js';
import { stamp } from '../../report/html/parts.js';
import { blame } from '../../store/blame/blame.js';
import { JobTable } from '../../store/jobs/table.js';
import { counted } from '../../text/counted.js';
import { hostFacts, reporterFacts } from './environment.js';
import { failuresOf } from './failures.js';

const NOWHERE = { nodes: null, tasks: null, output: null, error: null };

/** An ensemble whose rules are evaluated. */
export interface RecordedEnsemble {
  readonly name: string;
  readonly text: string;
  readonly loaded: LoadedConfig;
}

/**
 * Reads a recording for its groups and the firings of its rules, and for its jobs. Without an
 * ensemble, every group counts and the rules are unknown. Throws EnsembleError `ERR_FILE` for a file without a record.
 */
export async function reportOfRecording(
  path: string,
  ensemble: RecordedEnsemble | null,
): Promise<ReportContent> {
  const firings: Firing[] = [];
  const config = ensemble?.loaded.config;
  const replay = new Replay(await openRecording(path), {
    ...(config === undefined ? {} : { config }),
    firing: (firing) => firings.push(firing),
  });
  // The replay and the jobs take about the same time, so they are read at the same time.
  const expected = config === undefined ? await firstGroups(path) : [...config.groups.keys()];
  const [{ error, rules, metrics }, first] = await Promise.all([replay.run(), recordedJobs(path, expected)]);
  const { status } = metrics;
  if (error !== null && status.records === 0) throw error;
  const groups = [...metrics.groups.keys()];
  const isWhole = groups.every((name) => expected.includes(name));
  const jobs = isWhole ? first : await recordedJobs(path, groups);
  const table = new JobTable({
    jobs,
    titleOf: (rule) => config?.rules[rule]?.title ?? null,
    variablesOf: () => [],
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
      [
        'events',
        `${status.events.toLocaleString('en-US')} in ${status.records.toLocaleString('en-US')} records`,
      ],
    ],
    warnings,
    table,
    begin: status.earliest,
    until: status.latest,
    failures: failuresOf(table),
    rules:
      ensemble === null
        ? null
        : rules.map((report) => ({
            ...report,
            phase: null,
            times: firings.filter(({ rule }) => rule === report.rule).map(({ timestamp }) => timestamp),
          })),
    blame: blame(table),
    environment: [...hostFacts(table), ...reporterFacts()],
    file: ensemble,
  };
}
