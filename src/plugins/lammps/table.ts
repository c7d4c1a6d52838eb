/**
 * Thermodynamic output in the formats of LAMMPS (docs.lammps.org/thermo_style.html, thermo_modify.html,
 * Howto_structured_data.html):
 *
 *     one, custom   a line of names, and a line of numbers for each row
 *     multi         see multi.ts
 *     yaml          `keywords: ['Step', 'Temp', ]`, `data:`, and a line `- [0, 1.44, ]` for each row
 *
 * A line of names immediately precedes its first row. It is recognized by the preceding line about memory or
 * command, or by the names. Other text between the rows, from fixes, warnings and other programs, is skipped.
 */

import { MultiRows } from './multi.js';
import { areKnownNames, splitNames, splitYamlNames, splitYamlValues, wordsOf } from './names.js';
import { readValues } from './number.js';

const YAML_NAMES = /^keywords:\s*\[(.*)\]\s*$/;
const YAML_ROW = /^\s*-\s*\[(.*)\]\s*$/;
/** Precedes the table of a run that was set up; the wording changed in 2017. */
const MEMORY = /^(?:Per MPI rank memory allocation|Memory usage per processor)/;
/** Commands that print a table, as logs echo them. */
const COMMAND = /^\s*(?:run|minimize|rerun|temper\S*|neb\S*|prd|tad|hyper)\s/;
/** Lines before a first row that may be its names. Other text may be printed in between. */
const MAX_CANDIDATES = 4;

export interface TableSink {
  /** A run has begun to print a table. Several runs share one where they can't be distinguished. */
  begin(table: object): void;
  row(table: object, names: readonly string[], values: readonly number[]): void;
  /** Rows may belong to another table; `line` counts from 1. */
  mixed(reason: string, line: number): void;
  /** Rows are unreadable; `line` counts from 1. */
  lost(reason: string, line: number): void;
}

/** A line that may hold names. */
interface Candidate {
  readonly line: string;
  /** A line about memory, or a command that prints a table, precedes it. */
  readonly expected: boolean;
}

interface Table {
  /** One for each value of a row. */
  readonly names: readonly string[];
  /** The unique names and their positions; null when all names are unique. */
  readonly different: { readonly names: readonly string[]; readonly places: readonly number[] } | null;
  readonly isYaml: boolean;
  /** Column position where the first value of the first row ends; 0 if it begins the line. */
  readonly firstEnd: number;
  begun: boolean;
  /** Position of the column Step, -1 without one, and its last value. */
  readonly step: { readonly place: number; last: number };
}

/** A line of values. */
interface Row {
  readonly line: string;
  readonly words: readonly string[];
  readonly values: readonly number[];
  readonly isYaml: boolean;
}

export class Tables {
  /** Number of LAMMPS that print concurrently. Their tables are open together. */
  together = 1;
  readonly #sink: TableSink;
  readonly #multi: MultiRows;
  #multiTable: object | null = null;
  #open: Table[] = [];
  /** Runs that have begun to print and not ended. */
  #running = 0;
  #candidates: Candidate[] = [];
  /** Number of values for which these candidates were not names. */
  #tried = 0;
  #expected = false;
  /** Names of earlier tables, each as one text. */
  readonly #seen = new Set<string>();
  #line = 0;
  /** The first line of numbers since the last run that does not belong to a table. */
  #stray: number | null = null;

  constructor(sink: TableSink) {
    this.#sink = sink;
    this.#multi = new MultiRows((names, values) => {
      if (this.#multiTable === null) {
        this.#multiTable = {};
        sink.begin(this.#multiTable);
      }
      sink.row(this.#multiTable, names, values);
    });
  }

  /** Reads a whole line; `number` counts from 1. */
  line(line: string, number: number): void {
    this.#line = number;
    if (this.#multi.line(line)) {
      // This style has no line of names.
      this.#expected = false;
      this.#candidates = [];
      return;
    }
    if (MEMORY.test(line)) {
      this.#expected = true;
      if (this.together > 1) return;
      this.#candidates = [];
      this.#open = [];
      return;
    }
    const yamlNames = line.startsWith('keywords:') ? YAML_NAMES.exec(line) : null;
    if (yamlNames !== null) {
      this.#add(splitYamlNames(yamlNames[1] ?? ''), true, 0);
      return;
    }
    const yamlRow = line.includes('- [') ? YAML_ROW.exec(line) : null;
    const words = yamlRow === null ? wordsOf(line) : splitYamlValues(yamlRow[1] ?? '');
    if (words.length === 0 || words[0] === '') return;
    const values = this.#mustBeNames ? null : readValues(words);
    if (values === null) this.#text(line);
    else this.#values({ line, words, values, isYaml: yamlRow !== null });
  }

  /** Ends a run. */
  end(): void {
    this.#multi.end();
    if (this.#stray !== null && this.#open.length === 0 && this.#multiTable === null) {
      this.#sink.lost('lines of numbers form a table without names', this.#stray);
    }
    this.#running--;
    // With several concurrent LAMMPS it is unknown which of them ended the run.
    if (this.together === 1 || this.#running <= 0) this.#close();
  }

  /** LAMMPS has ended within a run. */
  cut(): void {
    this.#multi.cut();
    this.#close();
    this.#candidates = [];
    this.#expected = false;
  }

  /** The current row may be incomplete. */
  pause(): void {
    this.#multi.cut();
  }

  #close(): void {
    this.#multiTable = null;
    this.#open = [];
    this.#running = 0;
    this.#stray = null;
  }

  get #isBehindCommand(): boolean {
    const before = this.#candidates.at(-1);
    return before !== undefined && COMMAND.test(before.line);
  }

  /** Directly after the line about memory, or the command, a line holds names even if it looks like a row. */
  get #mustBeNames(): boolean {
    return this.#isBehindCommand || (this.#expected && this.#candidates.length === 0);
  }

  #text(line: string): void {
    const expected = this.#expected || this.#isBehindCommand;
    this.#candidates.push({ line, expected });
    this.#tried = 0;
    if (this.#candidates.length <= MAX_CANDIDATES * this.together) return;
    this.#candidates.shift();
    this.#expected = false;
  }

  #values(row: Row): void {
    if (!row.isYaml && this.#candidates.length > 0 && this.#tried !== row.words.length) this.#addAbove(row);
    const fitting = this.#open.filter((table) => fits(table, row));
    const table = fitting[0];
    if (table === undefined) this.#stray ??= this.#line;
    else if (fitting.length === 1) this.#row(table, row.values);
    else
      this.#sink.lost("rows of several tables with equally many columns can't be distinguished", this.#line);
    if (table !== undefined && this.together === 1) this.#candidates = [];
  }

  /** Opens the table whose names precede this first row, if it is one. */
  #addAbove({ line, words }: Row): void {
    this.#tried = words.length;
    const named = this.#candidates.flatMap(({ line: above, expected }) => {
      const names = splitNames(above, line);
      return names === null ? [] : [{ names, above, expected }];
    });
    const header =
      named.find(({ names }) => areKnownNames(names) || this.#seen.has(names.join('\t'))) ??
      named.find(({ above, expected }) => expected && wordsOf(above).length === words.length) ??
      named.find(({ expected }) => expected);
    if (header === undefined) return;
    const [first = ''] = /^\s*\S+/.exec(line) ?? [];
    const firstEnd = /^\s/.test(line) ? first.length : 0;
    // Several LAMMPS print the same line several times.
    for (const { line: above } of this.#candidates) {
      if (above.trim() !== header.above.trim()) continue;
      this.#add(header.names, false, firstEnd);
    }
    this.#candidates = this.#candidates.filter(({ line: above }) => above.trim() !== header.above.trim());
  }

  #add(names: readonly string[], isYaml: boolean, firstEnd: number): void {
    const text = names.join('\t');
    this.#seen.add(text);
    if (this.together === 1) {
      this.#close();
      this.#candidates = [];
    }
    this.#expected = false;
    this.#stray = null;
    this.#running++;
    const same = this.#open.find((table) => table.isYaml === isYaml && table.names.join('\t') === text);
    if (same === undefined) {
      const step = { place: names.indexOf('Step'), last: -1 };
      this.#open.push({ names, different: differentOf(names), isYaml, firstEnd, begun: false, step });
      return;
    }
    this.#sink.mixed('several LAMMPS print the same table at once: their rows are mixed', this.#line);
    if (same.begun) this.#sink.begin(same);
  }

  #row(table: Table, values: readonly number[]): void {
    const step = values[table.step.place] ?? Number.NaN;
    if (step < table.step.last && this.together === 1) {
      this.#sink.mixed('the steps go back within a table: rows of several LAMMPS are mixed', this.#line);
    }
    if (step >= 0) table.step.last = step;
    if (!table.begun) this.#sink.begin(table);
    table.begun = true;
    const { names, different } = table;
    if (different === null) this.#sink.row(table, names, values);
    else
      this.#sink.row(
        table,
        different.names,
        different.places.map((place) => values[place] ?? Number.NaN),
      );
  }
}

function differentOf(names: readonly string[]): Table['different'] {
  const different = [...new Set(names)];
  if (different.length === names.length) return null;
  return { names: different, places: different.map((name) => names.indexOf(name)) };
}

/** Returns whether a line of values looks like a row of the table. */
function fits({ names, isYaml, step, firstEnd }: Table, row: Row): boolean {
  if (isYaml !== row.isYaml || names.length !== row.words.length) return false;
  if (step.place >= 0 && !/^\d+$/.test(row.words[step.place] ?? '')) return false;
  // The first column is aligned. Unaligned numbers at the beginning of the line were printed by a fix or a program.
  const [first = ''] = row.words;
  return isYaml || first.length >= firstEnd || /^[\s-]/.test(row.line);
}
