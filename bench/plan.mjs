// Plans for the engines of the benches.

import { EMPTY_PLAN } from '../dist/engine/plan/plan.js';
import { synthGroup } from './journals.mjs';

/** Returns a plan with `rules` metric rules, distributed over `groups` groups. `metric` is the watched metric. */
export function makePlan(groups, rules, { threshold = 0, ...metric }) {
  const few = Math.min(rules, groups);
  return {
    ...EMPTY_PLAN,
    groups: Array.from({ length: groups }, (_, i) => synthGroup(i)),
    metrics: Array.from({ length: few }, (_, i) => ({
      name: '',
      group: i,
      count: null,
      statistic: null,
      variable: null,
      probe: null,
      quantile: 0,
      window: 0,
      fromZero: false,
      fact: null,
      bound: null,
      split: null,
      ...metric,
    })),
    rules: Array.from({ length: rules }, (_, i) => ({
      trigger: 'metric',
      group: -1,
      event: null,
      when: [
        { op: 'metric', value: i % groups },
        { op: 'number', value: threshold },
        { op: '>', value: null },
      ],
      timing: null,
      cron: null,
      states: null,
      repetitions: 1,
      backoff: -1,
      terminal: false,
      wantsEvent: false,
      probing: false,
      submit: null,
    })),
  };
}

/** A listener that ignores firings. */
export const silent = { firing() {}, decodeError() {} };
