/** What a custom function returned: checked by the same code as the file, so the same things are allowed. */

import { configFromObject } from '../config/load.js';
import { knownPlugins } from '../config/resolve-plugins.js';
import type { Action, EnsembleConfig, JobEntry, Rule } from '../config/types.js';
import { ConfigError } from '../errors.js';

export type FollowUp =
  | { readonly kind: 'action'; readonly action: Action }
  | { readonly kind: 'rule'; readonly rule: Rule };

/** The follow-ups, or what is wrong with them. `onJob`: there is a job of an event that they may be about. */
export function readFollowUps(answer: unknown, config: EnsembleConfig, onJob: boolean): FollowUp[] | string {
  if (answer === undefined || answer === null) return [];
  const followUps: FollowUp[] = [];
  for (const item of Array.isArray(answer) ? answer : [answer]) {
    const followUp = readOne(item, config, onJob);
    if (typeof followUp === 'string') return followUp;
    followUps.push(followUp);
  }
  return followUps;
}

function parametersOf(entries: readonly JobEntry[]): string[] {
  return [...new Set(entries.map(({ draft }) => draft?.sweep))].flatMap((sweep) => sweep?.names ?? []);
}

function readOne(item: unknown, config: EnsembleConfig, onJob: boolean): FollowUp | string {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) {
    return 'an action is an object with a name, a rule one with a trigger and an action';
  }
  const isRule = 'trigger' in item;
  try {
    const { config: read } = configFromObject(
      {
        // Only the names count here: they are what labels, metrics, states and parameters refer to.
        jobs: [...config.groups.values()].map(({ name, stalled, entries }) => ({
          name,
          command: 'true',
          stalled,
          parameters: Object.fromEntries(parametersOf(entries).map((parameter) => [parameter, 0])),
        })),
        states: config.states,
        rules: [isRule ? item : { trigger: onJob ? 'job-finish' : 'start', action: item }],
        custom: 'function placeholder() {}',
      },
      { plugins: knownPlugins(config.plugins) },
    );
    const rule = read.rules[0];
    if (rule === undefined) return 'it is empty';
    return isRule ? { kind: 'rule', rule } : { kind: 'action', action: rule.action };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.diagnostics
      .map(({ path, message }) =>
        `${path.replace(/^rules\[0\]\.?(action)?\.?/, '')}: ${message}`.replace(/^: /, ''),
      )
      .join('; ');
  }
}
