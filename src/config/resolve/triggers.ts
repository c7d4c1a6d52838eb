/** The trigger of a rule, with what it refers to. */

import { nextTimes } from '../../language/cron.js';
import { noJobGroup } from '../../language/metric-name.js';
import { jobEventOf } from '../../language/triggers.js';
import type { Trigger } from '../../model/ensemble.js';
import { quote } from '../../text/describe.js';
import { durationSeconds } from '../../text/duration.js';
import type { Path } from '../../text/path.js';
import type { RuleShape } from '../schema/ensemble.js';
import type { ResolveContext, ResolvedNames } from './context.js';
import { stateNamed } from './states.js';

/** The trigger; null when it is wrong, which has been reported then. */
export function resolveTrigger(
  context: ResolveContext,
  names: ResolvedNames,
  rule: RuleShape,
  path: Path,
): Trigger | null {
  const { trigger } = rule;
  switch (trigger) {
    case undefined:
      return null;
    case 'start':
    case 'heartbeat':
    case 'metric':
      return { kind: trigger };
    case 'interval':
      return resolveInterval(context, rule, path);
    case 'cron':
      return resolveCron(context, rule, path);
    case 'state':
      return resolveState(context, names, rule, path);
    default:
      return resolveJobEvent(context, names, jobEventOf(trigger) ?? trigger, rule, path);
  }
}

function resolveInterval({ shape, problems }: ResolveContext, rule: RuleShape, path: Path): Trigger | null {
  const { interval } = rule;
  if (interval !== undefined && interval !== null) {
    return { kind: 'interval', seconds: durationSeconds(interval) };
  }
  if (!shape.isBroken([...path, 'interval'])) {
    problems.error(path, "'interval' is missing: it says how often, like 1m");
  }
  return null;
}

function resolveCron({ shape, problems }: ResolveContext, rule: RuleShape, path: Path): Trigger | null {
  const { cron, timezone } = rule;
  if (cron === undefined || cron === null) {
    if (!shape.isBroken([...path, 'cron'])) {
      problems.error(path, `'cron' is missing: it says when, like "*/5 * * * *"`);
    }
    return null;
  }
  if (timezone !== undefined && timezone !== null && !isTimeZone(timezone)) {
    problems.error(
      [...path, 'timezone'],
      `${quote(timezone)} is not a time zone; write one like Europe/Berlin or UTC`,
    );
    return null;
  }
  const trigger = { kind: 'cron', pattern: cron, timezone: timezone ?? null } as const;
  try {
    if (nextTimes(trigger, Date.now() / 1000, 1).length === 0) {
      problems.warning([...path, 'cron'], `${quote(cron)} names no time that is still to come`);
    }
    return trigger;
  } catch (cause) {
    const reason = (cause as Error).message.replace(/^Cron\w*: /, '');
    problems.error(
      [...path, 'cron'],
      `${quote(cron)} is not a cron pattern "minute hour day month weekday": ${reason}`,
    );
    return null;
  }
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

function resolveState(
  context: ResolveContext,
  { states }: ResolvedNames,
  { name }: RuleShape,
  path: Path,
): Trigger | null {
  if (name === undefined || name === null) {
    if (!context.shape.isBroken([...path, 'name'])) {
      context.problems.error(path, "'name' is missing: it says which state");
    }
    return null;
  }
  const state = stateNamed(context, states, name, [...path, 'name']);
  return state === null ? null : { kind: 'state', state };
}

function resolveJobEvent(
  { problems }: ResolveContext,
  { jobs }: ResolvedNames,
  event: string,
  rule: RuleShape,
  path: Path,
): Trigger {
  const group = rule.name ?? null;
  if (group !== null && jobs.complete && !jobs.names.has(group)) {
    problems.error([...path, 'name'], noJobGroup(group, jobs.names));
  }
  if (event === 'stalled') {
    const watched = [...jobs.groups.values()].filter(({ name }) => group === null || name === group);
    if (jobs.complete && watched.every(({ stalled }) => stalled === null)) {
      const which = group === null ? 'no job group says' : `the job group ${quote(group)} does not say`;
      problems.error(path, `${which} when a job counts as stalled: add 'stalled: 30m' to its jobs`);
    }
  }
  return { kind: 'job', event, group };
}
