/** The metrics of ensembles for Prometheus. Names follow its conventions, and the number of series is bounded. */

import type { Count } from '../../model/metric-names.js';
import { RULE_PHASES } from '../../model/rule-report.js';
import { type EnsembleResource, STATUSES } from '../schemas/ensemble.js';
import type { GroupResource } from '../schemas/group.js';
import { countsOf } from '../sources/resources.js';
import type { SourcedEnsemble } from '../sources/source.js';
import type { Family, HistogramSample, Labels, Sample } from './family.js';

/** Groups, rules and named metrics of one ensemble that have series of their own; the counts of other groups are added up. */
const MOST = 200;
/** The label of the groups that have none of their own. */
const OTHERS = '_others';

interface Shown {
  readonly source: SourcedEnsemble;
  readonly ensemble: EnsembleResource;
  readonly labels: Labels;
  readonly groups: readonly GroupResource[];
}

const COUNTERS: readonly [Exclude<Count, 'pending' | 'running' | 'queued'>, string, string][] = [
  ['submitted', 'submitted', 'Jobs that were submitted.'],
  ['finished', 'finished', 'Jobs that have ended.'],
  ['success', 'succeeded', 'Jobs that ended with success.'],
  ['failed', 'failed', 'Jobs that failed.'],
  ['canceled', 'canceled', 'Jobs that were canceled.'],
  ['timeout', 'timed_out', 'Jobs that ended at their time limit.'],
  ['exception', 'exceptions', 'Jobs with a fatal exception.'],
  ['retried', 'retried', 'Jobs that were submitted again.'],
];

const TOTALS: readonly [Exclude<keyof EnsembleResource['totals'], 'following' | 'logLag'>, string, string][] =
  [
    ['records', 'journal_records', 'Records of the journal.'],
    ['events', 'events', 'Events of jobs.'],
    ['trackedEvents', 'tracked_events', 'Events of jobs of the ensemble.'],
    ['firings', 'firings', 'Firings of rules.'],
    ['decodeErrors', 'decode_errors', 'Invalid records of the journal.'],
    ['lostJobs', 'lost_jobs', 'Jobs that ended unseen, with an unknown result.'],
  ];

const prefixed = (name: string) => `flux_ensemble_${name}`;

/** The first groups, and the sums of the counts of all others. */
function fewGroups(groups: readonly GroupResource[]): GroupResource[] {
  if (groups.length <= MOST) return [...groups];
  const rest = groups.slice(MOST);
  const counts = countsOf(rest.map((group) => group.counts));
  return [...groups.slice(0, MOST), { ...(rest[0] as GroupResource), name: OTHERS, counts }];
}

const flag = (value: boolean) => (value ? 1 : 0);

function groupFamilies(all: readonly Shown[]): Family[] {
  const ofGroups = (sample: (group: GroupResource, labels: Labels) => Sample[]) =>
    all.flatMap(({ labels, groups }) =>
      groups.flatMap((group) => sample(group, { ...labels, group: group.name })),
    );
  const times = (variable: 'duration' | 'pending') =>
    all.flatMap(({ source, labels, groups }) =>
      groups.flatMap(({ name }): HistogramSample[] => {
        const state = source.distributions(name)?.[variable];
        return state === undefined ? [] : [{ labels: { ...labels, group: name }, state }];
      }),
    );
  return [
    {
      ...{
        name: prefixed('jobs'),
        type: 'gauge',
        help: 'Jobs that are pending or running, or queued by a limit.',
      },
      samples: ofGroups(({ counts }, labels) =>
        (['pending', 'running', 'queued'] as const).map((state) => ({
          labels: { ...labels, state },
          value: counts[state],
        })),
      ),
    },
    ...COUNTERS.map(
      ([count, name, help]): Family => ({
        ...{ name: prefixed(`jobs_${name}`), type: 'counter', help },
        samples: ofGroups(({ counts }, labels) => [{ labels, value: counts[count] }]),
      }),
    ),
    {
      ...{ name: prefixed('job_duration_seconds'), type: 'histogram', unit: 'seconds' },
      ...{ help: 'Time from start to finish.', samples: times('duration') },
    },
    {
      ...{ name: prefixed('job_pending_seconds'), type: 'histogram', unit: 'seconds' },
      ...{ help: 'Time from submit to start.', samples: times('pending') },
    },
  ];
}

function ruleFamilies(all: readonly Shown[]): Family[] {
  const rules = all.flatMap(({ source, labels }) =>
    source.feed.rules
      .values()
      .slice(0, MOST)
      .map((rule) => ({ rule, labels: { ...labels, rule: String(rule.rule), name: rule.name } })),
  );
  return [
    {
      ...{ name: prefixed('rule_firings'), type: 'counter', help: 'Firings of a rule.' },
      samples: rules.map(({ rule, labels }) => ({ labels, value: rule.firings })),
    },
    {
      ...{ name: prefixed('rule_state'), type: 'gauge', help: '1 for the state that a rule is in.' },
      samples: rules.flatMap(({ rule, labels }) =>
        RULE_PHASES.map((state) => ({ labels: { ...labels, state }, value: flag(rule.state === state) })),
      ),
    },
    {
      ...{
        name: prefixed('metric'),
        type: 'gauge',
        help: 'A metric that rules name, without a group that has it.',
      },
      samples: all.flatMap(({ source, labels }) =>
        source.feed.metrics
          .values()
          .slice(0, MOST)
          .flatMap(([metric, value]) => (value === null ? [] : [{ labels: { ...labels, metric }, value }])),
      ),
    },
  ];
}

function ensembleFamilies(all: readonly Shown[]): Family[] {
  const gauge = (name: string, help: string, value: (shown: Shown) => number | null): Family => ({
    ...{ name: prefixed(name), type: 'gauge', help },
    samples: all.flatMap((shown) => {
      const number = value(shown);
      return number === null ? [] : [{ labels: shown.labels, value: number }];
    }),
  });
  return [
    {
      ...{ name: prefixed('info'), type: 'gauge', help: 'Facts of an ensemble; always 1.' },
      samples: all.map(({ labels, ensemble: { member, version, host } }) => ({
        labels: { ...labels, member, version, host },
        value: 1,
      })),
    },
    {
      ...{ name: prefixed('status'), type: 'gauge', help: '1 for the status that an ensemble has.' },
      samples: all.flatMap(({ labels, ensemble }) =>
        STATUSES.map((status) => ({
          labels: { ...labels, status },
          value: flag(ensemble.status === status),
        })),
      ),
    },
    {
      ...gauge(
        'start_time_seconds',
        'Start of the run, in seconds since the epoch.',
        ({ ensemble }) => ensemble.started,
      ),
      unit: 'seconds',
    },
    {
      ...gauge(
        'updated_time_seconds',
        'Time of the latest state, in seconds since the epoch.',
        ({ ensemble }) => ensemble.updated,
      ),
      unit: 'seconds',
    },
    gauge('member_up', '1 while the events of the member arrive, 0 while they are interrupted.', (shown) => {
      const { following } = shown.ensemble.totals;
      return following === null ? null : flag(following);
    }),
    {
      ...gauge(
        'log_lag_seconds',
        'Time since the oldest write to the log of the run that is not on the disk; 0 without one.',
        ({ ensemble }) => ensemble.totals.logLag,
      ),
      unit: 'seconds',
    },
    gauge('size', 'Slots or nodes of the member.', ({ ensemble }) => ensemble.size),
    gauge('groups', 'Groups of jobs.', ({ ensemble }) => ensemble.groups),
    gauge('active_jobs', 'Jobs that have not ended.', ({ ensemble }) => ensemble.totals.activeJobs),
    ...TOTALS.map(
      ([total, name, help]): Family => ({
        ...{ name: prefixed(name), type: 'counter', help },
        samples: all.map(({ labels, ensemble }) => ({ labels, value: ensemble.totals[total] })),
      }),
    ),
    {
      ...{ name: prefixed('problems'), type: 'counter', help: 'Problems of a run.' },
      samples: all.map(({ source, labels }) => ({ labels, value: source.feed.problems.total })),
    },
  ];
}

/** The metrics of ensembles whose state is up to date. */
export function familiesOf(sources: readonly SourcedEnsemble[]): Family[] {
  const all = sources.flatMap((source): Shown[] => {
    const { ensemble } = source.feed;
    if (ensemble === null) return [];
    const labels = { ensemble: ensemble.name, id: ensemble.id };
    return [{ source, ensemble, labels, groups: fewGroups(source.feed.groups.values()) }];
  });
  return [...ensembleFamilies(all), ...groupFamilies(all), ...ruleFamilies(all)];
}
