/**
 * Reads LAMMPS logs, or the screen output of LAMMPS: tables of thermodynamic output of every run, times, errors and
 * warnings. The log may still be growing, incomplete, or not a log at all. Memory does not grow with it.
 */

import { createReadStream } from 'node:fs';
import { Run } from './column.js';
import { Tables } from './table.js';

/** `ERROR: Lost atoms: original 4000 current 3999 (src/thermo.cpp:494)`. */
export interface LogError {
  readonly message: string;
  /** Source file in LAMMPS; null where the log does not name it. */
  readonly file: string | null;
  readonly line: number | null;
  /** The input command that caused it, where the log names it. */
  readonly command: string | null;
}

/** Rows that are unreadable, or that can't be distinguished from rows of another table. */
export interface Unread {
  /** True if the rows are not counted. */
  readonly lost: boolean;
  readonly reason: string;
  /** The first such line, counted from 1, and the number of such lines. */
  readonly line: number;
  count: number;
}

export interface Log {
  /** `2 Aug 2023`; null where the log does not name it. */
  version: string | null;
  /** Runs and minimizations that have begun to print. */
  runs: number;
  /** The run that began last. */
  last: Run;
  all: Run;
  /** Seconds of the last finished run; null without one. */
  loopTime: number | null;
  procs: number | null;
  steps: number | null;
  atoms: number | null;
  /** Seconds from start to end; null before the end of the last LAMMPS in the log. */
  wallTime: number | null;
  /** The last LAMMPS in the log, or all of those that began together, ended without an error. */
  complete: boolean;
  errorCount: number;
  /** The first of the errors. */
  errors: LogError[];
  warningCount: number;
  /** The first of the warnings. */
  warnings: string[];
  unread: Unread[];
}

/** Maximum characters of a line. Logs have no longer ones, so these are skipped. */
const MAX_LINE = 1 << 20;
/** Maximum errors, warnings and unreadable parts that are stored. */
const MAX_MESSAGES = 10;
/** Maximum processes whose lines are distinguished by their labels. */
const MAX_LABELS = 4096;

const MESSAGE = /^(ERROR|WARNING)(?: on proc \d+)?: (.*?)(?: \(([^()]*):(\d+)\))?$/;
const COMMAND = /^Last (?:command|input line): (.*)$/;
const LOOP = /^Loop time of (\S+) on (\d+) procs(?:.*? for (\d+) steps with (\d+) atoms)?/;
const WALL = /^Total wall time: (\d+):(\d\d):(\d\d)/;
/** May stand at the end of a line: an earlier LAMMPS may have been killed within that line. */
const VERSION = /LAMMPS \((\d{1,2} [A-Z][a-z]+ \d{4}[^)]*)\)\s*$/;
/** Prefixes of lines from `srun --label` and `mpirun --tag-output`. */
const LABEL = /^\s*(\d+|\[\d+,\d+\]<std(?:out|err)>): ?/;

export class LogReader {
  readonly log: Log = {
    version: null,
    runs: 0,
    last: new Run(),
    all: new Run(),
    loopTime: null,
    procs: null,
    steps: null,
    atoms: null,
    wallTime: null,
    complete: false,
    errorCount: 0,
    errors: [],
    warningCount: 0,
    warnings: [],
    unread: [],
  };
  /** By the labels of lines; the key is empty for lines without one. */
  readonly #outputs = new Map<string, Tables>();
  readonly #runs = new WeakMap<object, Run>();
  #labeled = false;
  #rest = '';
  /** True within a line that is too long. */
  #skipping = false;
  #lines = 0;
  /** Number of LAMMPS that began together, of those that have ended, and whether an error occurred since. */
  #begun = 0;
  #ended = 0;
  #failed = false;
  /** They have printed rows, so a LAMMPS that begins now is a later one. */
  #printed = false;

  /** Adds a piece of the log, cut anywhere. */
  push(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      this.#lines++;
      if (!this.#skipping && line.length <= MAX_LINE) this.#line(line);
      this.#skipping = false;
    }
    if (this.#rest.length > MAX_LINE) {
      this.#rest = '';
      this.#skipping = true;
    }
  }

  /** Ends the input for now. An incomplete last line counts, except for its numbers, which may lack digits. */
  end(): Log {
    const [tables, line] = this.#outputOf(this.#rest);
    if (!this.#skipping) this.#said(line, tables);
    this.#rest = '';
    for (const each of this.#outputs.values()) each.pause();
    this.log.complete = this.#ended > 0 && this.#ended >= this.#begun && !this.#failed;
    return this.log;
  }

  #line(text: string): void {
    const [tables, line] = this.#outputOf(text);
    if (!this.#said(line, tables)) tables.line(line, this.#lines);
  }

  /** Returns the output that a line belongs to, and the line without its label and invisible characters. */
  #outputOf(text: string): [Tables, string] {
    let end = text.length;
    while (text[end - 1] === '\r') end--;
    let line = text.slice(text.lastIndexOf('\r', end - 1) + 1, end);
    if (this.#lines <= 1 && line.startsWith('\ufeff')) line = line.slice(1);
    const label = this.#labeled || line.includes('LAMMPS (') ? LABEL.exec(line) : null;
    if (label === null) return [this.#output(''), line];
    this.#labeled = true;
    return [this.#output(label[1] ?? ''), line.slice(label[0].length)];
  }

  #output(label: string): Tables {
    const known =
      this.#outputs.get(label) ?? (this.#outputs.size >= MAX_LABELS ? this.#outputs.get('') : undefined);
    if (known !== undefined) return known;
    const tables = new Tables({
      begin: (table) => this.#begin(table),
      row: (table, names, values) => this.#row(table, names, values),
      mixed: (reason, line) => this.#unread({ lost: false, reason, line, count: 1 }),
      lost: (reason, line) => this.#unread({ lost: true, reason, line, count: 1 }),
    });
    this.#outputs.set(label, tables);
    return tables;
  }

  /** Reads a line about LAMMPS as a whole. Returns false for other lines. */
  #said(line: string, tables: Tables): boolean {
    const { log } = this;
    const message = line.startsWith('ERROR') || line.startsWith('WARNING') ? MESSAGE.exec(line) : null;
    if (message !== null) {
      this.#message(message, tables);
      return true;
    }
    const loop = line.startsWith('Loop') ? LOOP.exec(line) : null;
    if (loop !== null) {
      tables.end();
      const number = (text: string | undefined) => (text === undefined ? null : Number(text));
      log.loopTime = Number(loop[1]);
      log.procs = number(loop[2]);
      log.steps = number(loop[3]);
      log.atoms = number(loop[4]);
      return true;
    }
    const wall = line.startsWith('Total') ? WALL.exec(line) : null;
    if (wall !== null) {
      log.wallTime = Number(wall[1]) * 3600 + Number(wall[2]) * 60 + Number(wall[3]);
      this.#ended++;
      return true;
    }
    const version = line.includes('LAMMPS (') ? VERSION.exec(line) : null;
    if (version !== null) this.#beginLammps(version[1] ?? '', tables);
    const command = line.startsWith('Last') ? COMMAND.exec(line) : null;
    const error = log.errors.at(-1);
    if (command !== null && error?.command === null) {
      log.errors[log.errors.length - 1] = { ...error, command: command[1] ?? null };
    }
    return version !== null || command !== null;
  }

  /** Begins a LAMMPS, concurrent with the others or after them. */
  #beginLammps(version: string, tables: Tables): void {
    this.log.version = version;
    if (this.#begun > 0 && !this.#printed && !this.#failed && this.#ended === 0) {
      this.#begun++;
      // Labels already distinguish the lines.
      if (!this.#labeled) tables.together++;
      return;
    }
    for (const each of this.#outputs.values()) {
      each.cut();
      each.together = 1;
    }
    this.log.wallTime = null;
    this.#begun = 1;
    this.#ended = 0;
    this.#failed = false;
    this.#printed = false;
  }

  #message([, kind, message = '', file, line]: RegExpExecArray, tables: Tables): void {
    const { log } = this;
    if (kind === 'WARNING') {
      log.warningCount++;
      if (log.warnings.length < MAX_MESSAGES) log.warnings.push(message);
      return;
    }
    tables.pause();
    this.#failed = true;
    log.errorCount++;
    const place = { file: file ?? null, line: line === undefined ? null : Number(line) };
    if (log.errors.length < MAX_MESSAGES) log.errors.push({ message, ...place, command: null });
  }

  #begin(table: object): void {
    this.#printed = true;
    this.log.runs++;
    this.log.last = this.#runs.get(table) ?? new Run();
    this.#runs.set(table, this.log.last);
  }

  #row(table: object, names: readonly string[], values: readonly number[]): void {
    this.#runs.get(table)?.add(names, values);
    this.log.all.add(names, values);
  }

  #unread(one: Unread): void {
    const { unread } = this.log;
    const known = unread.find(({ reason }) => reason === one.reason);
    if (known !== undefined) known.count++;
    else if (unread.length < MAX_MESSAGES) unread.push(one);
  }
}

/** Reads a log file as far as it is written. Rejects when it can't be read. */
export async function readLog(path: string): Promise<Log> {
  const reader = new LogReader();
  for await (const text of createReadStream(path, 'utf8')) reader.push(text as string);
  return reader.end();
}
