/** The values of a template's tags when a rule has fired. */

import { groupNames, metricValue } from '../engine/snapshot.js';
import { parseMetricName } from '../language/metric-name.js';
import type { Lookup } from '../language/template.js';
import type { FiringEvent } from '../model/firing.js';
import { formatJobId } from '../model/job-id.js';
import type { MetricsSnapshot } from '../model/metrics.js';
import type { ParameterValue } from '../model/parameters.js';
import { given } from '../model/written.js';
import type { ActionRequest } from './request.js';

/** A tag without a value. */
export class NoValue extends Error {}

/** The exit status as shells show it, from a status of wait(2). */
function exitStatus(status: unknown): number | null {
  if (typeof status !== 'number') return null;
  return (status & 0x7f) === 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f);
}

function isScalar(value: unknown): value is ParameterValue {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

function eventValue(tag: string, event: FiringEvent | null): unknown {
  if (event === null) return null;
  const { name, job, group, timestamp, context } = event;
  switch (tag) {
    case 'name':
      return name;
    case 'id':
      return formatJobId(job);
    case 'group':
      return group;
    case 'timestamp':
      return timestamp;
    case 'status':
      return name === 'finish' ? exitStatus(context?.status) : null;
    default: {
      const key = /^(?:exception|context|tell)\.(.+)$/.exec(tag)?.[1] ?? '';
      return tag.startsWith('exception.') && name !== 'exception' ? null : context?.[key];
    }
  }
}

function metricOf(name: string, metrics: MetricsSnapshot): number | null {
  const metric = parseMetricName(name, groupNames(metrics));
  return metric.ok ? metricValue(metrics, metric.value) : null;
}

function own<T>(record: Readonly<Record<string, T>> | null, name: string): T | undefined {
  return record !== null && Object.hasOwn(record, name) ? record[name] : undefined;
}

/** Looks up names of the event, of its job, and of the metrics. The lookup throws NoValue. */
export function tagValues(
  { state, event, by }: Pick<ActionRequest, 'state' | 'event' | 'by'>,
  metrics: MetricsSnapshot,
): Lookup {
  return (name) => {
    const [head = ''] = name.split('.', 1);
    const rest = name.slice(head.length + 1);
    let value: unknown = null;
    let text: string | null = null;
    if (name === 'state') value = state;
    else if (name === 'by') value = by?.value;
    else if (head === 'event') value = eventValue(rest, event);
    else if (head === 'metrics') value = metricOf(rest, metrics);
    else if (name.startsWith('job.parameters.')) {
      const parameter = name.slice('job.parameters.'.length);
      value = own(event?.parameters ?? null, parameter);
      text = own(event?.origin?.texts ?? {}, parameter) ?? null;
    }
    if (isScalar(value)) return given(value, text);
    throw new NoValue(`{{${name}}} has no value ${event === null ? 'without an event' : 'here'}`);
  };
}
