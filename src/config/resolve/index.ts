/** Resolves a file of the right shape to an ensemble: defaults, job groups, references. */

import { kindOf } from '../../actions/catalog.js';
import { meansYes } from '../../language/shapes.js';
import { triggerKindOf } from '../../language/triggers/catalog.js';
import type { EnsembleConfig, Rule } from '../../model/ensemble.js';
import { durationSeconds } from '../../text/duration.js';
import { giveAdvice } from '../advice/advice.js';
import type { LoggingShape } from '../schema/ensemble.js';
import { withUntil } from './ask.js';
import type { ResolveContext } from './context.js';
import { resolveCustom } from './custom.js';
import { resolveJobs } from './jobs.js';
import { limitsOf } from './limits.js';
import { resolveNotify } from './notify.js';
import { resolveRules } from './rules.js';
import { resolveStates } from './states.js';
import { tellsOf } from './tells.js';
import { resolveTests } from './tests.js';
import { resolvePilots, resolveTree } from './tree.js';

/** Seconds between heartbeats where rules need them and the file has no value; the default of ensemble-python. */
const DEFAULT_HEARTBEAT = 60;

/**
 * Reports every mistake in the meaning of a configuration. The result may only be used when no errors were
 * reported, here or before. `recorded`: the jobs come from a recording, so the rules need not submit any.
 */
export function resolveConfig(context: ResolveContext, recorded: boolean): EnsembleConfig {
  const { shape, file } = context;
  const custom = resolveCustom(context);
  const jobs = resolveJobs(context);
  const states = resolveStates(context);
  const notify = resolveNotify(context, jobs);
  const limits = limitsOf(shape.config.limits);
  const names = { jobs, limits, states, targets: notify.names, by: null };
  const groups = withUntil(context, names, jobs.groups);
  const rules = resolveRules(context, names);
  const config: EnsembleConfig = {
    file,
    member: { flux: resolveTree(context), slurm: resolvePilots(context) },
    debug: meansYes(shape.config.logging?.debug ?? false),
    heartbeat: resolveHeartbeat(shape.config.logging, rules),
    states,
    groups,
    largeParameters: jobs.large,
    limits,
    rules,
    custom,
    plugins: context.plugins.list,
    notify: notify.targets,
    tests: resolveTests(
      {
        ...context,
        isBroken: shape.isBroken,
        groups: jobs.complete ? jobs.names : null,
        tells: jobs.complete ? tellsOf(jobs.groups) : null,
        states,
      },
      shape.config.tests,
    ),
  };
  // After an error, further advice would only repeat it.
  if (!context.problems.hasErrors) giveAdvice(context, config, jobs.entries, recorded);
  return config;
}

function resolveHeartbeat(logging: LoggingShape | null | undefined, rules: readonly Rule[]): number {
  const seconds = durationSeconds(logging?.heartbeat ?? 0);
  return seconds === 0 && rules.some(needsHeartbeat) ? DEFAULT_HEARTBEAT : seconds;
}

function needsHeartbeat({ trigger, action }: Rule): boolean {
  return triggerKindOf(trigger).needsHeartbeat || kindOf(action).needsHeartbeat;
}
