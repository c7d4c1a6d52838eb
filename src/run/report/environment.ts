/** Facts about the host and the programs that make a report. */

import { hostname } from 'node:os';
import type { Fact } from '../../report/html/content.js';
import { stamp } from '../../report/html/parts.js';
import type { JobTable } from '../../store/jobs/table.js';
import { packageVersion } from '../../text/package-version.js';

const MAX_HOSTS = 8;

/** The program that makes the report, and where. */
export function reporterFacts(): Fact[] {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return [
    ['report made', `${stamp(Date.now() / 1000)} on ${hostname()}`],
    ['times', `in the time zone ${zone}`],
    ['flux-ensemble', packageVersion()],
    ['Node', `${process.version} (${process.platform} ${process.arch})`],
  ];
}

/** The hosts of the jobs; empty where they are unknown. */
export function hostFacts({ jobs: { hosts, texts } }: JobTable): Fact[] {
  const all = new Set<string>();
  for (const place of new Set(hosts)) if (place !== 0) all.add(texts[place] ?? '');
  if (all.size === 0) return [];
  const shown = [...all].slice(0, MAX_HOSTS).join(', ');
  return [['hosts of jobs', all.size > MAX_HOSTS ? `${shown} and ${all.size - MAX_HOSTS} more` : shown]];
}
