/** What the tags of a template stand for when a rule has fired. */

import { groupNames, metricValue } from '../engine/snapshot.js';
import { parseMetricName } from '../language/metric-name.js';
import type { Lookup } from '../language/template.js';
import type { Firing } from '../model/firing.js';
import { formatJobId } from '../model/job-id.js';
import type { MetricsSnapshot } from '../model/metrics.js';
import type { ParameterValue } from '../model/parameters.js';
import { given } from '../model/written.js';

/** A tag that nothing can be put in place of. */
export class NoValue extends Error {}

/** The exit status of a process as shells tell it, of a status as wait(2) does. */
function exitStatus(status: unknown): number | null {
  if (typeof status !== 'number') return null;
  return (status & 0x7f) === 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f);
}

function isScalar(value: unknown): value is ParameterValue {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

function eventValue(name: string, { event, job, group, timestamp, context }: Firing): unknown {
  if (event === null) return null;
  switch (name) {
    case 'name':
      return event;
    case 'id':
      return job === null ? null : formatJobId(job);
    case 'group':
      return group;
    case 'timestamp':
      return timestamp;
    case 'status':
      return event === 'finish' ? exitStatus(context?.status) : null;
    default: {
      const key = /^(?:exception|context)\.(.+)$/.exec(name)?.[1] ?? '';
      return name.startsWith('exception.') && event !== 'exception' ? null : context?.[key];
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

/** Looks up names of the event, the job that it is of, and the metrics. What it returns throws NoValue. */
export function tagValues(firing: Firing, metrics: MetricsSnapshot): Lookup {
  return (name) => {
    const [head = ''] = name.split('.', 1);
    const rest = name.slice(head.length + 1);
    let value: unknown = null;
    let text: string | null = null;
    if (name === 'state') value = firing.state;
    else if (head === 'event') value = eventValue(rest, firing);
    else if (head === 'metrics') value = metricOf(rest, metrics);
    else if (name.startsWith('job.parameters.')) {
      const parameter = name.slice('job.parameters.'.length);
      value = own(firing.parameters, parameter);
      text = own(firing.origin?.texts ?? {}, parameter) ?? null;
    }
    if (isScalar(value)) return given(value, text);
    throw new NoValue(`{{${name}}} has no value ${firing.event === null ? 'without an event' : 'here'}`);
  };
}
