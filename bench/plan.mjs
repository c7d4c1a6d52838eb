// Plans for the engine, as the benches need them.

import { synthGroup } from './journals.mjs';

/** `rules` metric rules, taking turns over `groups` groups; `metric` says what they watch. */
export function makePlan(groups, rules, metric) {
  return {
    groups: Array.from({ length: groups }, (_, i) => synthGroup(i)),
    trackAll: false,
    ensemble: '',
    heartbeat: 0,
    virtualTime: false,
    rules: Array.from({ length: rules }, (_, i) => ({
      trigger: 'metric',
      group: i % groups,
      event: null,
      count: null,
      statistic: null,
      variable: null,
      comparison: '>',
      threshold: 0,
      repetitions: 1,
      backoff: -1,
      terminal: false,
      wantsEvent: false,
      submit: null,
      ...metric,
    })),
  };
}

/** For engines whose firings nobody looks at. */
export const silent = { firing() {}, decodeError() {} };
