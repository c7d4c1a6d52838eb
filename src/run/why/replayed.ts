/** The engine of a run as its log says: all firings, and the rules as they are at the end of the log. Nothing is written. */

import { existsSync } from 'node:fs';
import type { NativeFiring, NativeRules } from '../../engine/addon.js';
import { Engine } from '../../engine/engine.js';
import { compilePlan, ruleNames } from '../../engine/plan/compile.js';
import type { SnapshotNames } from '../../engine/snapshot.js';
import { EnsembleError } from '../../errors.js';
import { nextTimes } from '../../language/cron.js';
import type { Action } from '../../model/action.js';
import { actionsOf, type EnsembleConfig, type Rule } from '../../model/ensemble.js';
import type { MetricsSnapshot } from '../../model/metrics.js';
import { logFolder } from '../../store/run-folder.js';
import type { StoredRun } from '../../store/runs.js';
import { GrowthWatch } from '../growth-watch.js';
import { readConfiguration } from '../kept-configuration.js';
import { RulesOfRun } from '../rules-of-run.js';

export interface ReplayedRun extends SnapshotNames {
  readonly config: EnsembleConfig;
  /** By index; null for the rule of a probe. */
  readonly rules: readonly (Rule | null)[];
  /** The rules of probes do not count. */
  readonly firings: readonly NativeFiring[];
  readonly native: NativeRules;
  /** All metrics at the end of the log. */
  readonly snapshot: MetricsSnapshot;
  /** Null for an ensemble without states. */
  readonly state: string | null;
  /** Rules no longer fire. */
  readonly ended: boolean;
  /** The last time in the log, in seconds since the epoch. */
  readonly latest: number;
  /** Words for what of the log is lost; empty for nothing. */
  readonly damage: string;
  /** When the log begins, because its beginning was removed; null for the whole log. */
  readonly begins: number | null;
}

/**
 * Takes in the log of a run, also while another process drives it. `explained` is the index of a rule whose firings have
 * the values of all metrics. Throws EnsembleError: `ERR_RUN` for a run without a readable log, `ERR_FILE`; and
 * ConfigError for a configuration that is invalid by now.
 */
export async function replayRun(run: StoredRun, explained: number | null): Promise<ReplayedRun> {
  const folder = logFolder(run.path);
  if (!existsSync(folder)) {
    throw new EnsembleError('ERR_RUN', `run ${run.manifest.id} has no log (${folder} is missing)`);
  }
  const { loaded, planned: counts } = await readConfiguration(run.path, run.manifest);
  const { config } = loaded;
  const planned = config.rules.slice(0, counts.rules);
  // Rules that were added have higher indexes.
  const isExplained = (action: Action) =>
    explained !== null &&
    (explained < counts.rules
      ? planned[explained] !== undefined && actionsOf(planned[explained]).includes(action)
      : !planned.some((rule) => actionsOf(rule).includes(action)));
  const names = ruleNames(config, { wantsEvent: isExplained, portions: () => null });
  const plan = compilePlan({ ...config, rules: planned }, run.manifest.ensemble, names, null);
  const rules = new RulesOfRun(config, counts, names, new GrowthWatch(planned, () => {}));
  const own = rules.compileOwn();
  const firings: NativeFiring[] = [];
  const engine = new Engine(
    {
      ...plan,
      metrics: [...plan.metrics, ...own.metrics],
      rules: [...plan.rules, ...own.rules],
    },
    {
      firing: (firing) => {
        if (rules.rule(firing.rule) !== null) firings.push(firing);
      },
      decodeError() {},
      cronTimes: nextTimes,
      restoreRule: (text) => rules.restore(text),
    },
    { restore: folder },
  );
  try {
    const { ended, latest, damage, checkpoint, begins } = await engine.restore();
    const [native, snapshot] = await Promise.all([engine.rules(), engine.metrics()]);
    const { state } = snapshot.status;
    const { groups, metrics, probes } = engine.names;
    const facts = { config, rules: rules.all, groups, metrics, probes, firings, native, snapshot };
    return {
      ...facts,
      state: config.states.length === 0 ? null : state,
      ended,
      latest,
      damage,
      begins: checkpoint === 0 ? null : begins,
    };
  } finally {
    engine.close();
  }
}
