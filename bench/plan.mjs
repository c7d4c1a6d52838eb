// Plans for the engine, as the benches need them.

import { EMPTY_PLAN } from '../dist/engine/plan/plan.js';
import { synthGroup } from './journals.mjs';

/** `rules` metric rules, taking turns over `groups` groups; `metric` says what they watch. */
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
      ...metric,
    })),
    rules: Array.from({ length: rules }, (_, i) => ({
      trigger: 'metric',
      group: -1,
      event: null,
      metric: i % groups,
      comparison: '>',
      threshold,
      when: null,
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

/** For engines whose firings nobody looks at. */
export const silent = { firing() {}, decodeError() {} };
