/**
 * Parameters as they are written. `1.10` is the number 1.1 to expressions and functions, and the text `1.10` in a
 * command: a number and its text are one value until a job is made of it.
 */

import type { Parameters, ParameterValue } from './parameters.js';

/** A number or a boolean that is written in another way than `String` writes it. */
export class Written {
  readonly value: number | boolean;
  readonly text: string;

  constructor(value: number | boolean, text: string) {
    this.value = value;
    this.text = text;
  }

  /** What a tag is filled in with. */
  toString(): string {
    return this.text;
  }

  /** What stands in a jobspec. */
  toJSON(): number | boolean {
    return this.value;
  }
}

/** A value with the text that it is written as; null or undefined when that is not known. */
export function given(value: ParameterValue, text: string | null | undefined): Given {
  const same = typeof value === 'string' || text === null || text === undefined || text === String(value);
  return same ? value : new Written(value, text);
}

/** A value without its text, as expressions and functions take it. */
export function plain(value: Given): ParameterValue {
  return value instanceof Written ? value.value : value;
}

/** All values without their texts. */
export function plainRow(row: Row): Parameters {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(value)]));
}

/** The texts of the values that are written in another way than `String` writes them, by name. */
export function textsOf(row: Row): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(row).flatMap(([name, value]) => (value instanceof Written ? [[name, value.text]] : [])),
  );
}

/** Values and texts, which came apart, as one. */
export function rowOf(parameters: Parameters, texts: Readonly<Record<string, string>>): Row {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => [
      name,
      given(value, Object.hasOwn(texts, name) ? texts[name] : null),
    ]),
  );
}

/** A parameter, with the text that it is written as where that is not what `String` makes of it: `1.10`, `0x10`. */
export type Given = ParameterValue | Written;

/** Parameters with the texts that they are written as. */
export type Row = Readonly<Record<string, Given>>;

/** An integer as YAML's core schema writes it. */
export const INTEGER = /^(?:[-+]?\d+|0o[0-7]+|0x[\dA-Fa-f]+)$/;

/**
 * An integer that a number can't be trusted to hold, read from the text of a number; null for any other number.
 */
export function largeInteger(value: number, text: string): bigint | null {
  return !Number.isSafeInteger(value) && INTEGER.test(text) ? BigInt(text) : null;
}
