/** When failed jobs of a group are submitted again, and with which parameters. */

import { checkParameterExpression, typeOfParameter } from '../../language/expression/parameters.js';
import type { JobEntry, JobGroup, RetryPolicy } from '../../model/ensemble.js';
import { plain, type Row } from '../../model/written.js';
import { RowError } from '../../rows/row-error.js';
import { firstTable } from '../../rows/tables.js';
import { quote } from '../../text/describe.js';
import { durationSeconds } from '../../text/duration.js';
import { didYouMean, thereAre } from '../../text/suggest.js';
import type { JobShape } from '../schema/ensemble.js';
import type { ResolveContext } from './context.js';
import { reportFaults } from './when.js';

/** Longer than any run, because a plan can't hold infinity. */
const MAX_SECONDS = 1e9;
const DEFAULT_FACTOR = 2;

/** The policy of the group. All its entries have the same one, or only one entry has it; `index` is the next entry. */
export function resolveRetry(
  context: ResolveContext,
  group: Pick<JobGroup, 'name' | 'retry'>,
  { retry }: JobShape,
  index: number,
): RetryPolicy | null {
  if (retry === undefined || retry === null) return group.retry;
  const policy = policyOf(typeof retry === 'number' ? { times: retry } : retry);
  if (group.retry !== null && JSON.stringify(group.retry) !== JSON.stringify(policy)) {
    const message = `another entry has a different retry; all entries of the group '${group.name}' share one`;
    context.problems.error(['jobs', index, 'retry'], message, 'key');
  }
  return policy;
}

function policyOf(retry: Partial<Exclude<NonNullable<JobShape['retry']>, number>>): RetryPolicy {
  const { times = 0, backoff = 0, on = ['failed', 'timeout'], parameters = {} } = retry;
  const reasons = (Array.isArray(on) ? on : [on]).filter((reason) => reason !== undefined);
  const seconds = (duration: number | string) => Math.min(durationSeconds(duration), MAX_SECONDS);
  return {
    times,
    backoff:
      typeof backoff === 'object'
        ? {
            initial: seconds(backoff.initial ?? 0),
            factor: backoff.factor ?? DEFAULT_FACTOR,
            longest: backoff.max === undefined ? MAX_SECONDS : seconds(backoff.max),
          }
        : { initial: seconds(backoff), factor: 1, longest: MAX_SECONDS },
    outcomes: reasons.filter((reason) => typeof reason === 'string'),
    exceptions: reasons.flatMap((reason) => (typeof reason === 'string' ? [] : [reason.exception])),
    parameters,
  };
}

/** Checks the parameters of retries, which refer to those of all entries of their group. `jobs` are the entries. */
export function checkRetryParameters(
  context: ResolveContext,
  groups: ReadonlyMap<string, JobGroup>,
  jobs: readonly (JobShape | undefined)[],
): void {
  for (const [index, job] of jobs.entries()) {
    const group = groups.get(job?.name ?? '');
    const given = typeof job?.retry === 'object' ? (job.retry?.parameters ?? {}) : {};
    if (group === undefined || Object.keys(given).length === 0) continue;
    const types = typesOf(group);
    for (const [name, value] of Object.entries(given)) {
      const path = ['jobs', index, 'retry', 'parameters', name];
      if (!types.has(name)) {
        const known = [...types.keys()];
        const hint =
          didYouMean(name, known) || (known.length === 0 ? '; it has no parameters' : thereAre(known));
        const message = `the group ${quote(group.name)} has no parameter ${quote(name)}${hint}`;
        context.problems.error(path, message, 'key');
      }
      if (typeof value !== 'string') continue;
      const expression = checkParameterExpression(value, types);
      if (!expression.ok) reportFaults(context, value, expression.faults, path);
    }
  }
}

/** The types of all values of the group's parameters. */
function typesOf({ entries }: JobGroup): Map<string, Set<'number' | 'text'>> {
  const types = new Map<string, Set<'number' | 'text'>>();
  for (const entry of entries) {
    const { draft } = entry;
    const row = entry.streamed ? firstRow(entry) : entry.parameters;
    for (const name of draft?.sweep?.names ?? []) {
      const found = types.get(name) ?? new Set();
      types.set(name, found);
      const value = row[name];
      if (value !== undefined) found.add(typeOfParameter(plain(value)));
    }
  }
  return types;
}

/** The first of the rows that are made later, whose values have the types of all; without values where there are no rows. */
function firstRow({ draft }: JobEntry): Row {
  if (draft?.sweep == null) return {};
  try {
    for (const row of firstTable(draft.sweep)) return row;
  } catch (error) {
    // Mistakes in the rows are reported where the group is made.
    if (!(error instanceof RowError)) throw error;
  }
  return {};
}
