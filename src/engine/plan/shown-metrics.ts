/** Metrics by a parameter that actions show: the engine keeps them although no condition names them. */

import { parseMetricName } from '../../language/metric-name.js';
import { isTemplate, namesIn } from '../../language/template.js';
import type { Action } from '../../model/action.js';
import { dividedBy, type MetricName } from '../../model/metric-names.js';

const PREFIX = 'metrics.';

/** The metrics by a parameter in the tags of an action's texts: `{{metrics.mean(melt.energy, by parameters.T)}}`. */
export function shownMetrics(action: Action | null): MetricName[] {
  return [...textsIn(action)].flatMap((text) => {
    const names = isTemplate(text) ? namesIn(text) : null;
    if (names?.ok !== true) return [];
    return names.value.flatMap((name) => {
      const metric = name.startsWith(PREFIX) ? parseMetricName(name.slice(PREFIX.length)) : null;
      return metric?.ok === true && dividedBy(metric.value) !== null ? [metric.value] : [];
    });
  });
}

function* textsIn(value: unknown): Generator<string> {
  if (typeof value === 'string') yield value;
  if (typeof value !== 'object' || value === null) return;
  for (const inner of Object.values(value)) yield* textsIn(inner);
}
