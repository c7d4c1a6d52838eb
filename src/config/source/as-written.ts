/** Numbers of a configuration that are to reach a command as they are written. */

import { type Given, given } from '../../model/written.js';
import type { Path } from '../../text/path.js';
import type { ConfigSource } from './problems.js';
/** A scalar that the schema let pass. */
export type Scalar = string | number | boolean | bigint;

/**
 * The scalar at a path, with its text. An integer that a number can't be trusted to hold is its text and nothing
 * else, so that it is never rounded.
 */
export function asWritten(source: ConfigSource, value: Scalar, path: Path): Given {
  if (typeof value === 'string') return value;
  const text = source.writtenAs(path) ?? String(value);
  if (typeof value !== 'bigint') return given(value, text);
  const number = Number(value);
  return Number.isSafeInteger(number) ? given(number, text) : text;
}

/** Whether a scalar is an integer that no number can be trusted to hold. */
export function isLarge(value: unknown): value is bigint {
  return typeof value === 'bigint' && !Number.isSafeInteger(Number(value));
}
