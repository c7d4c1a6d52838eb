/**
 * Parameters as they are written. `1.10` is the number 1.1 to expressions and functions, and the text `1.10`
 * in a command. A value keeps both until a job is made of it.
 */

import type { Parameters, ParameterValue } from './parameters.js';

/** A number or a boolean whose text differs from the result of `String`. */
export class Written {
  readonly value: number | boolean;
  readonly text: string;

  constructor(value: number | boolean, text: string) {
    this.value = value;
    this.text = text;
  }

  /** The value of a tag. */
  toString(): string {
    return this.text;
  }

  /** The value in a jobspec. */
  toJSON(): number | boolean {
    return this.value;
  }
}

/** A value with its original text; null or undefined when the text is unknown. */
export function given(value: ParameterValue, text: string | null | undefined): Given {
  const same = typeof value === 'string' || text === null || text === undefined || text === String(value);
  return same ? value : new Written(value, text);
}

/** A value without its text, for expressions and functions. */
export function plain(value: Given): ParameterValue {
  return value instanceof Written ? value.value : value;
}

/** All values without their texts. */
export function plainRow(row: Row): Parameters {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(value)]));
}

/** The original texts, by name, of the values for which `String` gives another text. */
export function textsOf(row: Row): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(row).flatMap(([name, value]) => (value instanceof Written ? [[name, value.text]] : [])),
  );
}

/** Joins values with their texts. */
export function rowOf(parameters: Parameters, texts: Readonly<Record<string, string>>): Row {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => [
      name,
      given(value, Object.hasOwn(texts, name) ? texts[name] : null),
    ]),
  );
}

/** A parameter, with its original text where `String` gives another one: `1.10`, `0x10`. */
export type Given = ParameterValue | Written;

/** Parameters with their original texts. */
export type Row = Readonly<Record<string, Given>>;

/** An integer as YAML's core schema writes it. */
export const INTEGER = /^(?:[-+]?\d+|0o[0-7]+|0x[\dA-Fa-f]+)$/;

/** An integer that a number may not hold exactly, from the text of a number; null for any other number. */
export function largeInteger(value: number, text: string): bigint | null {
  return !Number.isSafeInteger(value) && INTEGER.test(text) ? BigInt(text) : null;
}
