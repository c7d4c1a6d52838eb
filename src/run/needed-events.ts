/** The events that a member has to deliver, so that a member that can leave out others does. */

import { runsUserCode } from '../actions/catalog.js';
import type { EnsembleConfig } from '../model/ensemble.js';
import { limitsByOwner } from '../model/job-limits.js';
import { tellAnything } from '../model/tells.js';

/** The sources of derived triggers, in addition to the events of the statistics. */
const SOURCES: Readonly<Record<string, readonly string[]>> = {
  sched: ['validate', 'depend', 'priority', 'urgency', 'jobspec-update', 'flux-restart'],
  run: ['alloc'],
  cleanup: [],
  inactive: [],
  success: [],
  fail: [],
  cancel: [],
  timeout: [],
  tell: ['memo'],
};

/** Whether node hours or core hours are needed, which are known from R. */
function needsHours(config: Pick<EnsembleConfig, 'rules' | 'groups' | 'limits'>): boolean {
  return (
    [...limitsByOwner(config)].some(([, { nodeHours }]) => nodeHours !== null) ||
    config.rules.some(({ when }) =>
      when?.steps.some((step) => step.op === 'metric' && step.metric.kind === 'hours'),
    )
  );
}

/**
 * Names of the events that rules wait for; null for all events. Rules need all for `debug.` events, whose names are
 * open, for stalled jobs, and for code of the user, which may add rules for any event. The log of a run, which is
 * `logged`, needs `alloc`, because it brings the hosts of a job.
 */
export function neededEvents(
  config: Pick<EnsembleConfig, 'rules' | 'groups' | 'limits'>,
  logged: boolean,
): string[] | null {
  const { rules, groups } = config;
  const names = new Set<string>(logged || needsHours(config) ? ['alloc'] : []);
  // Memos bring the values that jobs tell.
  if ([...groups.values()].some(({ tells }) => tellAnything(tells))) names.add('memo');
  for (const { trigger, action } of rules) {
    if (runsUserCode(action)) return null;
    if (trigger.kind !== 'job') continue;
    // A job has stalled after a time without any event.
    if (trigger.event === 'debug' || trigger.event === 'stalled') return null;
    for (const name of SOURCES[trigger.event] ?? [trigger.event]) names.add(name);
  }
  return [...names];
}
