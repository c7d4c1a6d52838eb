/** The parameters of jobs as columns. The JSON text of a job is parsed once, and its object is not kept. */

import type { NativeJobColumns } from '../../engine/addon.js';
import type { JobColumn } from './column.js';

/** Names of the columns of parameters begin with it. */
export const PARAMETER_PREFIX = 'parameters.';

/** Values of a parameter, by the index of the JSON text. A text is null where the value is a number or unknown. */
interface Values {
  readonly numbers: Float64Array;
  readonly texts: (string | null)[];
}

/** Integers that a number does not hold exactly; as texts they keep their digits. */
const LONG_INTEGER = /"(?:[^"\\]|\\.)*"|(?<![\d.eE+-])-?\d{16,}(?![\d.eE])/g;

/** Parses the JSON text of parameters; null for a text that is not an object. */
export function parseParameters(text: string): Readonly<Record<string, unknown>> | null {
  if (text === '') return null;
  const exact = /\d{16}/.test(text)
    ? text.replace(LONG_INTEGER, (found) =>
        found.startsWith('"') || Number.isSafeInteger(Number(found)) ? found : `"${found}"`,
      )
    : text;
  try {
    const value: unknown = JSON.parse(exact);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

export class ParameterColumns {
  readonly #jobs: NativeJobColumns;
  #values: ReadonlyMap<string, Values> | null = null;

  constructor(jobs: NativeJobColumns) {
    this.#jobs = jobs;
  }

  /** The columns' names, in the order of the first job that has each: `parameters.T`. */
  get names(): string[] {
    return [...this.#all.keys()].map((name) => `${PARAMETER_PREFIX}${name}`);
  }

  /** Returns the column with this name; null for another name, and for a parameter that no job has. */
  column(name: string): JobColumn | null {
    if (!name.startsWith(PARAMETER_PREFIX)) return null;
    const values = this.#all.get(name.slice(PARAMETER_PREFIX.length));
    if (values === undefined) return null;
    const { numbers, texts } = values;
    const { parameters } = this.#jobs;
    const number = (row: number) => numbers[parameters[row] ?? 0] ?? Number.NaN;
    const text = (row: number) => {
      const value = number(row);
      return Number.isNaN(value) ? (texts[parameters[row] ?? 0] ?? null) : String(value);
    };
    return {
      name,
      kind: 'any',
      unit: null,
      number,
      text,
      json: (row) => (Number.isFinite(number(row)) ? String(number(row)) : JSON.stringify(text(row))),
    };
  }

  get #all(): ReadonlyMap<string, Values> {
    this.#values ??= this.#read();
    return this.#values;
  }

  #read(): ReadonlyMap<string, Values> {
    const { parameters, texts } = this.#jobs;
    const all = new Map<string, Values>();
    // Texts that are parameters, and not notes.
    const seen = new Uint8Array(texts.length);
    for (const place of parameters) {
      if (place === 0 || seen[place] === 1) continue;
      seen[place] = 1;
      for (const [name, value] of Object.entries(parseParameters(texts[place] ?? '') ?? {})) {
        let values = all.get(name);
        if (values === undefined) {
          values = { numbers: new Float64Array(texts.length).fill(Number.NaN), texts: [] };
          all.set(name, values);
        }
        if (typeof value === 'number') values.numbers[place] = value;
        else values.texts[place] = typeof value === 'string' ? value : JSON.stringify(value);
      }
    }
    return all;
  }
}
