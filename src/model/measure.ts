/** `measure:` of job entries: numbers that are read from the files of a job after its end. */

/** How the numbers that a source has for a job become one. */
export const TAKES = ['first', 'last', 'min', 'max', 'mean', 'sum', 'count'] as const;
export type Take = (typeof TAKES)[number];

/** Jobs that are measured: those that have succeeded, or all that have run. */
export const MEASURED_ENDS = ['success', 'always'] as const;
export type MeasuredEnds = (typeof MEASURED_ENDS)[number];

/** A file of a job: the one of its standard output or error, or a path relative to its working directory, with tags. */
export type MeasuredFile =
  | { readonly kind: 'output' | 'error' }
  | { readonly kind: 'path'; readonly path: string };

/** The numbers of a file. */
export type MeasureSource =
  /** A regular expression that is matched within each line. */
  | { readonly kind: 'pattern'; readonly file: MeasuredFile; readonly pattern: string }
  /** A JSONPath (RFC 9535). */
  | { readonly kind: 'json'; readonly file: MeasuredFile; readonly path: string }
  /** A column by its name, or by its number from 1. Null: the separator is the one of the first line. */
  | {
      readonly kind: 'csv';
      readonly file: MeasuredFile;
      readonly column: string | number;
      readonly separator: string | null;
    }
  /** A Python file, absolute, with a function `read`. */
  | { readonly kind: 'python'; readonly file: string };

/** One entry of `measure:`. */
export interface MeasureEntry {
  /** Its key in the file. */
  readonly name: string;
  readonly source: MeasureSource;
  readonly take: Take;
  /** The names of its values: those of the named groups of a pattern, else its own. */
  readonly values: readonly string[];
}

/** Entries of a group that are measured together, in one pass over the files of a job. */
export interface Measurement {
  readonly kind: 'measure';
  readonly entries: readonly MeasureEntry[];
  /** The names of their values, in their order: variables of the group. */
  readonly values: readonly string[];
  readonly on: MeasuredEnds;
  /** Seconds that reading may take for a job. */
  readonly timeout: number;
  /** Seconds for which a missing file or value is waited for; null for the default of the member. */
  readonly wait: number | null;
}

/** A value of a job, or the reason why it has none. */
export type Finding =
  | {
      readonly name: string;
      readonly value: number;
      /** The file, and the line, counted from 1, and the text where it is; null where the number has no place of its own. */
      readonly file: string | null;
      readonly line: number | null;
      readonly text: string | null;
    }
  | {
      readonly name: string;
      readonly value: null;
      /** Begins with its subject: `the pattern 'x' matches none of 3 lines of out.txt`. */
      readonly reason: string;
    };

/** The findings of a job, in the order of the values. */
export interface Findings {
  readonly values: readonly Finding[];
  /** The last lines of its output, where a value is missing. */
  readonly tail: readonly string[];
}
