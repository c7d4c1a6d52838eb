/**
 * Shapes of values in files, for the schemas. Every `error` lists the valid values; the report of a problem adds
 * the found one.
 */

import { z } from 'zod';
import { MAX_COUNT } from '../model/limits.js';
import type { PluginPartName } from '../model/part-name.js';
import { DURATION_PATTERN, durationSeconds, formatDuration, NO_DURATION } from '../text/duration.js';

/** Booleans of YAML 1.1, which ensemble-python reads, in addition to `true` and `false`. */
export const YAML_TRUE = ['yes', 'Yes', 'YES', 'on', 'On', 'ON'] as const;
export const YAML_FALSE = ['no', 'No', 'NO', 'off', 'Off', 'OFF'] as const;

/** Whether a value that passed `yesOrNo` means yes. */
export function meansYes(value: boolean | string): boolean {
  return value === true || YAML_TRUE.some((spelling) => spelling === value);
}

export function pluginPart(error: string) {
  return z.string({ error }).regex(/^[a-z][a-z0-9-]*\.[A-Za-z_][A-Za-z0-9_-]*$/, {
    error,
    // Otherwise a union would take it for the likely alternative.
    abort: true,
  }) as unknown as z.ZodType<PluginPartName>;
}

/** Options for a part of a plugin. */
export function options() {
  return z.record(z.string(), z.unknown(), { error: 'must be a mapping of options' });
}

/** Text for the operating system, which ends it at a NUL. */
export function string(error = 'must be a string') {
  return z
    .string({ error })
    .refine((value) => !value.includes('\0'), { error: 'must not contain a NUL character' });
}

export function text() {
  const error = 'must be a string that is not empty';
  return string(error).min(1, { error });
}

/** A boolean, also in the words of YAML 1.1. */
export function yesOrNo() {
  return z.union([z.boolean(), z.enum([...YAML_TRUE, ...YAML_FALSE])], { error: 'must be true or false' });
}

export function integer(least: number, most: number = MAX_COUNT, more = '') {
  const error = `must be an integer from ${least} to ${most}${more}`;
  return z.number({ error }).int({ error }).min(least, { error }).max(most, { error });
}

/** A duration of 0 or more: `30s`, `5m`, `2h`, `1d`, `250ms`, or seconds; see `durationSeconds`. */
export function delay(most = Number.POSITIVE_INFINITY) {
  const limit = most === Number.POSITIVE_INFINITY ? '' : `, ${formatDuration(most)} at most`;
  const error = `${NO_DURATION} like 30s, 5m, 2h, 1d or 250ms, or a number of seconds${limit}`;
  return lengthOfTime(error, z.number({ error }).min(0, { error }).max(most, { error }), most);
}

/** A duration above 0. */
export function duration(most = Number.POSITIVE_INFINITY) {
  const limit = most === Number.POSITIVE_INFINITY ? '' : `, ${formatDuration(most)} at most`;
  const error = `${NO_DURATION} above 0, like 30s, 5m, 2h, 1d or 250ms, or a number of seconds${limit}`;
  const number = z.number({ error }).gt(0, { error }).max(most, { error });
  return lengthOfTime(error, number, most, /[1-9]/);
}

function lengthOfTime(error: string, number: z.ZodNumber, most: number, also = /./) {
  const written = z
    .string({ error })
    .regex(DURATION_PATTERN, { error, abort: true })
    .regex(also, { error })
    .refine((text) => durationSeconds(text) <= most, { error });
  return z.union([number, written], { error });
}

/** Text with tags that are filled in for each job. */
function template(error: string) {
  return string(error).regex(/\{\{/, { error });
}

export function integerOrTemplate(least: number) {
  const error = `must be an integer from ${least} to ${MAX_COUNT}, or a template like '{{x}}'`;
  const number = z.number({ error }).int({ error }).min(least, { error }).max(MAX_COUNT, { error });
  return z.union([number, template(error)], { error });
}

export function delayOrTemplate() {
  const error = `${NO_DURATION} like 30s, 5m or 2h, a number of seconds, or a template like '{{x}}'`;
  const written = string(error).regex(new RegExp(`${DURATION_PATTERN.source}|\\{\\{`), { error });
  return z.union([z.number({ error }).min(0, { error }), written], { error });
}

const scalarError = 'must be a string, a number or a boolean';

/** A bigint is an integer that a number would round. */
export const scalars = [
  string(scalarError),
  z.number({ error: scalarError }),
  z.boolean({ error: scalarError }),
  z.bigint({ error: scalarError }),
] as const;

export function scalar() {
  return z.union(scalars, { error: scalarError });
}

/** Names of parameters. They must not look like numbers, which mappings order first, nor like paths. */
export const PARAMETER_NAME = /^[A-Za-z][A-Za-z0-9_-]*$/;

export function parameterName() {
  return z.string().regex(PARAMETER_NAME, {
    error: 'is not a valid name of a parameter: use letters, digits, _ and -, and begin with a letter',
  });
}

/** The names of a table as an enum, with its descriptions for editors. */
export function described<const T extends string>(descriptions: Readonly<Record<T, string>>, error: string) {
  const names = Object.keys(descriptions) as [T, ...T[]];
  return z.enum(names, { error }).meta({ enumDescriptions: Object.values(descriptions) });
}
