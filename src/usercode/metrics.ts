/** Metrics as custom functions see them. */

import { groupNames, isMetricKept, metricValue } from '../engine/snapshot.js';
import { EnsembleError } from '../errors.js';
import { parseMetricName } from '../language/metric-name.js';
import type { MetricsSnapshot } from '../model/metrics.js';
import type { CustomMetrics } from '../model/user-function.js';
import { quote } from '../text/describe.js';
import { describeFaults } from '../text/result.js';

/** Wraps a snapshot so that its metrics can be read by name. */
export function customMetrics(snapshot: MetricsSnapshot): CustomMetrics {
  const groups = groupNames(snapshot);
  return {
    ...snapshot,
    get: (name) => {
      const parsed = parseMetricName(name, groups);
      if (!parsed.ok) throw new EnsembleError('ERR_CUSTOM', describeFaults(parsed));
      if (!isMetricKept(snapshot, parsed.value)) {
        throw new EnsembleError(
          'ERR_CUSTOM',
          `${quote(name)} is kept only where a rule names it; name it in the 'when' or the 'name' of a metric rule`,
        );
      }
      return metricValue(snapshot, parsed.value);
    },
  };
}
