/** Advice on rules that have no effect, that act only once, and that never end. */

import { jobsOfTrigger } from '../../language/triggers/catalog.js';
import { actionsOf, type EnsembleConfig, type JobGroup, type Rule } from '../../model/ensemble.js';
import { MAX_COUNT } from '../../model/limits.js';
import { quote } from '../../text/describe.js';
import { durationSeconds } from '../../text/duration.js';
import type { Path } from '../../text/path.js';
import type { ResolveContext } from '../resolve/context.js';
import { endlessLoops } from './loops.js';
import { type Reachable, reachableIn } from './reachable.js';

type Config = Pick<EnsembleConfig, 'rules' | 'groups' | 'states' | 'tests' | 'heartbeat'>;

/** Retries without a delay from which on a rule counts as endless. */
const MANY_RETRIES = 1000;

/** Warns about rules and groups that probably do not do what was intended. */
export function adviseOnRules(context: ResolveContext, config: Config, recorded: boolean): void {
  const { rules } = config;
  if (rules.length === 0) return;
  const reachable = reachableIn(config, recorded);
  if (reachable.rules.size === 0) adviseToBegin(context, config);
  else if (!reachable.anything) adviseOnIdle(context, config, reachable);
  for (const [index, rule] of rules.entries()) {
    adviseToRepeat(context, rule, mostEvents(rule, config, reachable.anything), ['rules', index]);
  }
  for (const { rules: loop, message } of endlessLoops(config)) {
    context.problems.warning(['rules', rules.indexOf(loop[0] as Rule)], message);
  }
  adviseOnRetries(context);
}

const ELSEWHERE = "unless other programs submit them, with the group's name in attributes.user.group";

function adviseToBegin({ problems }: ResolveContext, { groups }: Config): void {
  const [group = 'GROUP'] = groups.keys();
  const first = `{trigger: start, action: {name: submit, label: ${group}}}`;
  problems.warning(
    ['rules'],
    `every rule waits for jobs, and no rule submits the first ones, so nothing will happen ${ELSEWHERE}; add ${first}`,
    'key',
  );
}

function adviseOnIdle(
  { problems, shape }: ResolveContext,
  { groups, states }: Config,
  reachable: Reachable,
): void {
  const entries = shape.config.jobs ?? [];
  for (const name of groups.keys()) {
    if (reachable.groups.has(name)) continue;
    const path = ['jobs', entries.findIndex((job) => job?.name === name), 'name'];
    problems.warning(path, `no rule submits jobs of ${quote(name)}, so none will run ${ELSEWHERE}`);
  }
  for (const [index, state] of states.entries()) {
    if (reachable.states.has(state)) continue;
    problems.warning(['states', index], `no rule changes to the state ${quote(state)}`);
  }
}

/** Returns the maximum number of jobs, submitted by rules, whose events can trigger a rule. */
function mostJobs({ trigger }: Rule, { groups, rules }: Config): number {
  const made = jobsOfTrigger(trigger);
  if (made === null) return 0;
  let jobs = 0;
  for (const rule of rules) {
    for (const action of actionsOf(rule)) {
      if (action.name !== 'submit' || (made.group !== null && action.label !== made.group)) continue;
      const group = groups.get(action.label) as JobGroup;
      jobs +=
        rule.action.repetitions *
        (action.value ?? group.count ?? Number.POSITIVE_INFINITY) *
        (1 + (group.retry?.times ?? 0));
    }
  }
  return jobs;
}

/** Events that one job usually has many of. */
const MANY: ReadonlySet<string> = new Set(['tell', 'memo']);

/**
 * The maximum number of events that can trigger a rule on events of jobs; null where only the jobs know, or code of the user
 * that submits them.
 */
function mostEvents(rule: Rule, config: Config, anything: boolean): number | null {
  const { trigger, action } = rule;
  const jobs = mostJobs(rule, config);
  // The rows of a file are counted only when they are submitted.
  if (!Number.isFinite(jobs)) return null;
  // A function usually decides what follows each job, and may submit more of them.
  if (jobs === 0 ? anything : jobs === 1 && action.name === 'custom') return null;
  // A job is canceled, or submitted again, once.
  const once = action.name === 'cancel' || action.name === 'submit';
  const isMany = trigger.kind === 'job' && MANY.has(trigger.event) && !once;
  return isMany || !Number.isFinite(jobs) ? null : jobs;
}

function adviseToRepeat(
  { problems, shape }: ResolveContext,
  rule: Rule,
  most: number | null,
  path: Path,
): void {
  const { trigger, action } = rule;
  const [, index] = path;
  const given = shape.config.rules?.[Number(index)]?.action?.repetitions;
  if (jobsOfTrigger(trigger) === null || given !== undefined || (most !== null && most <= 1)) return;
  if (action.name === 'terminate' || action.goto !== null) return;
  const each = rule.by === null ? '' : ` of each ${rule.by}`;
  const which = most === null ? `such event${each}` : `of up to ${most} such events${each}`;
  const repetitions = Math.min(most ?? 1000, MAX_COUNT);
  problems.warning(
    [...path, 'action'],
    `acts only on the first ${which}; add 'repetitions: ${repetitions}', or 'repetitions: 1' if once is enough`,
  );
}

function adviseOnRetries({ problems, shape }: ResolveContext): void {
  for (const [index, job] of (shape.config.jobs ?? []).entries()) {
    const retry = job?.retry;
    const { times = 0, backoff = 0 } = typeof retry === 'number' ? { times: retry } : (retry ?? {});
    const pause = durationSeconds(typeof backoff === 'object' ? (backoff.initial ?? 0) : backoff);
    if (times < MANY_RETRIES || pause > 0) continue;
    const message = `a job that always fails is submitted again ${times} times without a delay; add 'backoff: 10s'`;
    problems.warning(['jobs', index, 'retry'], message);
  }
}
