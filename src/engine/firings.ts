/** Native firings and retries, with their indexes turned into names. */

import type { EnsembleConfig } from '../model/ensemble.js';
import type { Firing, JobOrigin } from '../model/firing.js';
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
    parameters: native.parameters === null ? null : (JSON.parse(native.parameters) as Parameters),
    ...readOrigin(native.origin),
    submitting,
  };
}

/** A native firing with its indexes turned into names. */
export function readFiring(
  native: NativeFiring,
  rules: EnsembleConfig['rules'],
  names: SnapshotNames,
  states: readonly string[],
): Firing {
  const rule = rules[native.rule];
  if (rule === undefined) throw new RangeError(`the engine fired rule ${native.rule}, which there is not`);
  const { action } = rule;
  return {
    number: native.number,
    rule: native.rule,
    askedBy: null,
    trigger: rule.triggerText,
    name: rule.title,
    algorithm: rule.algorithm,
    action: action.name,
    label: 'label' in action ? action.label : null,
    timestamp: native.timestamp,
    job: native.job,
    group: names.groups[native.group] ?? null,
    state: states[native.state] ?? null,
    goto: states[native.goto] ?? null,
    value: native.value,
    event: native.event,
    submitting: native.submitting,
    metrics: native.snapshot === null ? null : readSnapshot(names, native.snapshot),
    context: readContext(native.context),
    parameters: readContext(native.parameters) as Parameters | null,
    entry: native.entry,
    origin: native.origin === null ? null : readOrigin(native.origin),
  };
}

/** Reads the JSON text of an origin. Whoever submits a job may write anything there; what is missing is as of a first job. */
export function readOrigin(text: string): JobOrigin {
  const { rule, firing, index, values, texts } = readContext(text) ?? {};
  const number = (value: unknown) => (typeof value === 'number' ? value : 0);
  const isMapping = typeof values === 'object' && values !== null && !Array.isArray(values);
  return {
    rule: number(rule),
    firing: number(firing),
    index: number(index),
    values: isMapping ? (values as Parameters) : null,
    texts: readTexts(texts),
  };
}

export function readTexts(texts: unknown): JobOrigin['texts'] {
  if (typeof texts !== 'object' || texts === null) return {};
  return Object.fromEntries(Object.entries(texts).filter(([, text]) => typeof text === 'string'));
}

/** The engine takes an event's context as it comes; text that is no JSON is no context. */
export function readContext(text: string | null): Firing['context'] {
  if (text === null) return null;
  try {
    return JSON.parse(text) as Firing['context'];
  } catch {
    return null;
  }
}
