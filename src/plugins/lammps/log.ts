/**
 * Reads LAMMPS logs, or what LAMMPS prints to the screen: the tables of thermodynamic output of every run, and what is
 * said of time, errors and warnings. A log may still be written, torn, or no log at all; memory does not grow with it.
 */

import { createReadStream } from 'node:fs';
import { addRow, type Columns } from './column.js';
import { Tables } from './table.js';

/** `ERROR: Lost atoms: original 4000 current 3999 (src/thermo.cpp:494)`. */
export interface LogError {
  readonly message: string;
  /** Where in LAMMPS; null where the log does not say. */
  readonly file: string | null;
  readonly line: number | null;
  /** The input command that it came from, where the log says so. */
  readonly command: string | null;
}

/** The tables of one run, or of all. */
export interface Run {
  rows: number;
  columns: Columns;
}

export interface Log {
  /** `2 Aug 2023`; null where the log does not say. */
  version: string | null;
  /** Runs and minimizations that have begun to print. */
  runs: number;
  last: Run;
  all: Run;
  /** Seconds of the last run that has ended; null when none has. */
  loopTime: number | null;
  procs: number | null;
  steps: number | null;
  atoms: number | null;
  /** Seconds from start to end; null for a log that did not come to its end. */
  wallTime: number | null;
  errorCount: number;
  /** The first of them. */
  errors: LogError[];
  warningCount: number;
  /** The first of them. */
  warnings: string[];
}

/** Longer lines are in no log, and are passed over. */
const LONGEST_LINE = 1 << 16;
/** Errors and warnings that are kept. */
const MOST_MESSAGES = 10;

const MESSAGE = /^(ERROR|WARNING)(?: on proc \d+)?: (.*?)(?: \(([^()]*):(\d+)\))?$/;
const COMMAND = /^Last (?:command|input line): (.*)$/;
const LOOP = /^Loop time of (\S+) on (\d+) procs(?: for (\d+) steps with (\d+) atoms)?/;
const WALL = /^Total wall time: (\d+):(\d\d):(\d\d)/;
const VERSION = /^LAMMPS \(([^)]*)\)/;

const newRun = (): Run => ({ rows: 0, columns: new Map() });

export class LogReader {
  readonly log: Log = {
    version: null,
    runs: 0,
    last: newRun(),
    all: newRun(),
    loopTime: null,
    procs: null,
    steps: null,
    atoms: null,
    wallTime: null,
    errorCount: 0,
    errors: [],
    warningCount: 0,
    warnings: [],
  };
  readonly #tables: Tables;
  #rest = '';
  /** What is left of the line is too much of it. */
  #skipping = false;
  /** The next row begins a run. */
  #between = true;

  constructor() {
    this.#tables = new Tables((names, values) => this.#row(names, values));
  }

  /** Takes in a piece of the log, wherever it was cut. */
  push(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      if (!this.#skipping && line.length <= LONGEST_LINE) this.#line(line.replace(/\r$/, ''));
      this.#skipping = false;
    }
    if (this.#rest.length > LONGEST_LINE) {
      this.#rest = '';
      this.#skipping = true;
    }
  }

  /** There is no more, for now. A last line without an end counts but for numbers, which may lack digits. */
  end(): Log {
    if (!this.#skipping) this.#said(this.#rest);
    this.#rest = '';
    return this.log;
  }

  #line(line: string): void {
    if (!this.#said(line)) this.#tables.line(line);
  }

  /** Whether the line says something of the run as a whole. */
  #said(line: string): boolean {
    const { log } = this;
    const message = MESSAGE.exec(line);
    if (message !== null) {
      this.#message(message);
      return true;
    }
    const loop = LOOP.exec(line);
    if (loop !== null) {
      this.#tables.end();
      this.#between = true;
      const number = (text: string | undefined) => (text === undefined ? null : Number(text));
      log.loopTime = Number(loop[1]);
      log.procs = number(loop[2]);
      log.steps = number(loop[3]);
      log.atoms = number(loop[4]);
      return true;
    }
    const wall = WALL.exec(line);
    if (wall !== null) {
      log.wallTime = Number(wall[1]) * 3600 + Number(wall[2]) * 60 + Number(wall[3]);
      return true;
    }
    const version = VERSION.exec(line);
    if (version !== null) log.version = version[1] ?? null;
    const command = COMMAND.exec(line);
    const error = log.errors.at(-1);
    if (command !== null && error?.command === null) {
      log.errors[log.errors.length - 1] = { ...error, command: command[1] ?? null };
    }
    return version !== null || command !== null;
  }

  #message([, kind, message = '', file, line]: RegExpExecArray): void {
    const { log } = this;
    if (kind === 'WARNING') {
      log.warningCount++;
      if (log.warnings.length < MOST_MESSAGES) log.warnings.push(message);
      return;
    }
    log.errorCount++;
    const place = { file: file ?? null, line: line === undefined ? null : Number(line) };
    if (log.errors.length < MOST_MESSAGES) log.errors.push({ message, ...place, command: null });
  }

  #row(names: readonly string[], values: readonly number[]): void {
    const { log } = this;
    if (this.#between) {
      this.#between = false;
      log.runs++;
      log.last = newRun();
    }
    for (const run of [log.last, log.all]) {
      run.rows++;
      addRow(run.columns, names, values);
    }
  }
}

/** Reads a log file as far as it has been written. Rejects when it can't be read. */
export async function readLog(path: string): Promise<Log> {
  const reader = new LogReader();
  for await (const text of createReadStream(path, 'utf8')) reader.push(text as string);
  return reader.end();
}
