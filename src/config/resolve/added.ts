/**
 * Actions and rules that are added while an ensemble runs. They are checked by the code that checks those of the
 * file.
 */

import { triggerKindOf } from '../../language/triggers/catalog.js';
import type { EnsembleConfig, Rule } from '../../model/ensemble.js';
import { pathKey } from '../../text/path.js';
import { FROM_BEGINNING } from '../changes.js';
import { type ActionShape, actionSchema } from '../schema/actions.js';
import { checkAgainst } from '../schema/check.js';
import { type RuleShape, ruleSchema } from '../schema/rules.js';
import { ObjectSource } from '../source/object-source.js';
import { Problems } from '../source/problems.js';
import { jobsOf } from './jobs.js';
import { knownPlugins } from './plugins.js';
import { resolveRules } from './rules.js';

/**
 * A rule for this ensemble, from an object in the form of a file.
 *
 *
 * @throws ConfigError with everything that is wrong with it; its paths begin with `rules[0]`.
 */
export function resolveAddedRule(rule: object, config: EnsembleConfig): Rule {
  return resolveOne(config, rule, (problems) =>
    checkAgainst<RuleShape>(ruleSchema, rule, problems, ['rules', 0]),
  );
}

/**
 * An action for this ensemble, as the only part of a rule. `onJob`: it may be about the job of an event. `texts` has the texts
 * of its parameters by name, where they differ from the values.
 *
 *
 * @throws ConfigError with everything that is wrong with it; its paths begin with `rules[0].action`.
 */
export function resolveAddedAction(
  action: object,
  config: EnsembleConfig,
  onJob: boolean,
  texts: ReadonlyMap<string, string> = new Map(),
): Rule {
  const trigger = onJob ? 'job-finish' : 'start';
  const path = ['rules', 0, 'action'];
  const check = (problems: Problems) => {
    const checked = checkAgainst<ActionShape>(actionSchema, action, problems, path);
    return { ...checked, config: { trigger, action: checked.config } };
  };
  const byPath = new Map([...texts].map(([name, text]) => [pathKey([...path, 'parameters', name]), text]));
  return resolveOne(config, { trigger, action }, check, byPath);
}

type CheckedRule = ReturnType<typeof checkAgainst<RuleShape>>;

function resolveOne(
  config: EnsembleConfig,
  value: object,
  check: (problems: Problems) => CheckedRule,
  texts?: ReadonlyMap<string, string>,
): Rule {
  const source = new ObjectSource({ rules: [value] }, texts);
  const problems = new Problems(source, null);
  const { config: rule, isBroken } = check(problems);
  const { states, custom } = config;
  const [resolved] = resolveRules(
    {
      shape: {
        // The rest of the ensemble has been resolved: the names below come from it.
        config: {
          jobs: [],
          states: [...states],
          rules: [rule],
          custom: custom === null ? null : { file: 'functions' },
        },
        isBroken,
      },
      source,
      problems,
      file: config.file,
      plugins: knownPlugins(config.plugins),
      algorithms: [],
      functions: new Map(),
    },
    {
      jobs: jobsOf(config),
      limits: config.limits,
      states,
      targets: config.notify.map(({ name }) => name),
      by: null,
    },
  );
  if (resolved !== undefined && config.heartbeat === 0 && triggerKindOf(resolved.trigger).needsHeartbeat) {
    // The engine's heartbeat was set when the run began.
    const message = "the run has no heartbeats; add 'logging: {heartbeat: 60}' to the file";
    problems.error(['rules', 0, 'trigger'], message);
  }
  if (resolved !== undefined && resolved.by !== null) problems.error(['rules', 0, 'by'], FROM_BEGINNING);
  if (problems.hasErrors || resolved === undefined) throw problems.toError();
  return resolved;
}
