/** Numbers of a configuration that reach a command unchanged. */

import { type Given, given } from '../../model/written.js';
import type { Path } from '../../text/path.js';
import type { ConfigSource } from './problems.js';
/** A scalar that the schema has accepted. */
export type Scalar = string | number | boolean | bigint;

/**
 * Returns the scalar at a path with its text. An integer beyond the safe numbers is only its text, so that it is
 * never rounded.
 */
export function asWritten(source: ConfigSource, value: Scalar, path: Path): Given {
  if (typeof value === 'string') return value;
  const text = source.writtenAs(path) ?? String(value);
  if (typeof value !== 'bigint') return given(value, text);
  const number = Number(value);
  return Number.isSafeInteger(number) ? given(number, text) : text;
}

/** Returns whether a scalar is an integer beyond the safe numbers. */
export function isLarge(value: unknown): value is bigint {
  return typeof value === 'bigint' && !Number.isSafeInteger(Number(value));
}
