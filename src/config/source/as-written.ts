/** Numbers of a configuration that reach a command unchanged. */

import { type Given, given, INTEGER } from '../../model/written.js';
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

const NUMBER = /^[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?$/;

/** The scalar that a text stands for in a file: `350`, `1.10`, `true`, or the text itself. */
export function scalarIn(text: string): Scalar {
  if (text === 'true' || text === 'false') return text === 'true';
  if (!INTEGER.test(text) && !NUMBER.test(text)) return text;
  const number = Number(text);
  if (!Number.isFinite(number)) return text;
  // A signed integer has no 0x, which BigInt could not read.
  return Number.isSafeInteger(number) || !INTEGER.test(text) ? number : BigInt(text.replace(/^\+/, ''));
}
