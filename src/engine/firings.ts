/** Native firings and retries, with their indexes turned into names. */

import { actionFor, type Rule } from '../model/ensemble.js';
import { eventOf, type Firing, type FiringEvent, type FiringValue, type JobOrigin } from '../model/firing.js';
import type { MetricsSnapshot } from '../model/metrics.js';
import type { Parameters } from '../model/parameters.js';
import type { Retry } from '../model/retry.js';
import type { NativeFiring, NativeRetry } from './addon.js';
import { readSnapshot, type SnapshotNames } from './snapshot.js';

/** A native retry with its texts read. */
export function readRetry(native: NativeRetry, groups: readonly string[]): Retry {
  const { number, timestamp, job, group, entry, attempt, submitting } = native;
  return {
    number,
    timestamp,
    job,
    group: groups[group] ?? '',
    entry,
    attempt,
    lost: (readContext(native.origin)?.attempt ?? 0) === attempt,
    parameters: native.parameters === null ? null : (JSON.parse(native.parameters) as Parameters),
    ...readOrigin(native.origin),
    submitting,
  };
}

/** The event of a native firing, and what is known of its job. */
function readEvent(native: NativeFiring, names: SnapshotNames) {
  return {
    timestamp: native.timestamp,
    job: native.job,
    group: names.groups[native.group] ?? null,
    event: native.event,
    context: readContext(native.context),
    parameters: readContext(native.parameters) as Parameters | null,
    entry: native.entry,
    origin: native.origin === null ? null : readOrigin(native.origin),
  };
}

/** A native firing of a rule with its indexes turned into names. */
export function readFiring(
  native: NativeFiring,
  rule: Rule,
  names: SnapshotNames,
  states: readonly string[],
): Firing {
  const action = actionFor(rule, native);
  const { timestamp, job, group, event, context, parameters, entry, origin } = readEvent(native, names);
  return {
    number: native.number,
    rule: native.rule,
    askedBy: null,
    trigger: rule.triggerText,
    name: rule.title,
    algorithm: rule.algorithm,
    action: action.name,
    label: 'label' in action ? action.label : null,
    timestamp,
    job,
    group,
    state: states[native.state] ?? null,
    goto: states[native.goto] ?? null,
    value: native.value,
    event,
    resolved: native.resolved,
    by: readValue(rule, native.by),
    submitting: native.submitting,
    attempt: 0,
    metrics: native.snapshot === null ? null : readSnapshot(names, native.snapshot),
    context,
    parameters,
    entry,
    origin,
  };
}

function readValue({ by }: Rule, json: string | null): FiringValue | null {
  return by === null || json === null ? null : { parameter: by, value: JSON.parse(json), json };
}

/** A job for a probe to measure: the event of its success or end, and the metrics at that time. */
export interface ProbedJob {
  readonly event: FiringEvent;
  readonly metrics: MetricsSnapshot | null;
}

/** The job of a native firing for a probe, with the metrics if it `wantsMetrics`. Throws RangeError when it is missing. */
export function readProbedJob(native: NativeFiring, names: SnapshotNames, wantsMetrics: boolean): ProbedJob {
  const event = eventOf(readEvent(native, names));
  if (event === null) throw new RangeError('internal error: the engine reported a probe without a job');
  const isKnown = wantsMetrics && native.snapshot !== null;
  return { event, metrics: isKnown ? readSnapshot(names, native.snapshot) : null };
}

/** The event of a job of a native firing, and the number of earlier submissions of the job. Throws RangeError without a job. */
export function readJobEvent(
  native: NativeFiring,
  names: SnapshotNames,
): { readonly event: FiringEvent; readonly attempt: number } {
  const event = eventOf(readEvent(native, names));
  if (event === null) throw new RangeError('internal error: the engine reported to a search without a job');
  const { attempt } = readContext(native.origin) ?? {};
  return { event, attempt: typeof attempt === 'number' ? attempt : 0 };
}

/** Parses the JSON text of an origin. A job may contain any text there; missing parts get the values of a first job. */
function readOrigin(text: string): JobOrigin {
  const { rule, firing, part, index, values, texts } = readContext(text) ?? {};
  const number = (value: unknown) => (typeof value === 'number' ? value : 0);
  const isMapping = typeof values === 'object' && values !== null && !Array.isArray(values);
  return {
    rule: number(rule),
    firing: number(firing),
    part: number(part),
    index: number(index),
    values: isMapping ? (values as Parameters) : null,
    texts: readTexts(texts),
  };
}

function readTexts(texts: unknown): JobOrigin['texts'] {
  if (typeof texts !== 'object' || texts === null) return {};
  return Object.fromEntries(Object.entries(texts).filter(([, text]) => typeof text === 'string'));
}

/** The engine passes an event's context without a check. Text that is not JSON counts as no context. */
function readContext(text: string | null): Firing['context'] {
  if (text === null) return null;
  try {
    return JSON.parse(text) as Firing['context'];
  } catch {
    return null;
  }
}
