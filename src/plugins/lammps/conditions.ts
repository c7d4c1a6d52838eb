/** Conditions on a log: `Temp: "> 500"`, `TotEng: "drift > 0.01"`, `errors: "> 0"`. */

import { formatCondition, meets, parseCondition } from '../../language/comparison.js';
import type { Condition } from '../../model/condition.js';
import { counted } from '../../text/counted.js';
import { failed, ok, type Result } from '../../text/result.js';
import { didYouMean, thereAre } from '../../text/suggest.js';
import type { Column, Run } from './column.js';
import type { Log, Unread } from './log.js';

const STATISTICS = ['last', 'first', 'min', 'max', 'mean', 'drift'] as const;
type Statistic = (typeof STATISTICS)[number];

/** Facts other than columns. The thermo columns of LAMMPS begin with a capital, or with `c_`, `f_`, `v_`. */
const FACTS: Readonly<Record<string, (log: Log, run: Run) => number | null>> = {
  errors: ({ errorCount }) => errorCount,
  warnings: ({ warningCount }) => warningCount,
  runs: ({ runs }) => runs,
  rows: (_, { rows }) => rows,
  /** Rows with a value that is not a number. */
  nan: (_, { brokenRows }) => brokenRows,
  'loop-time': ({ loopTime }) => loopTime,
  'wall-time': ({ wallTime }) => wallTime,
  complete: ({ complete }) => (complete ? 1 : 0),
};

/** Facts that do not depend on the rows of tables. */
const WITHOUT_ROWS = ['errors', 'warnings', 'loop-time', 'wall-time', 'complete'];

export interface LogCondition {
  readonly key: string;
  readonly statistic: Statistic;
  readonly condition: Condition;
}

/** Parses a condition. */
export function readCondition(key: string, written: string | number): Result<LogCondition> {
  const [, word = null, rest = ''] = /^\s*([a-z]\w*)?\s*(.*)$/s.exec(String(written)) ?? [];
  const statistic = STATISTICS.find((name) => name === (word ?? 'last'));
  if (statistic === undefined) {
    const hint = didYouMean(word ?? '', STATISTICS) || thereAre(STATISTICS);
    return failed(`unknown statistic '${word}'${hint}`);
  }
  if (word !== null && key in FACTS) return failed(`'${key}' is a single number without ${word}`);
  const condition = parseCondition(typeof written === 'number' ? written : rest);
  if (!condition.ok) return condition;
  return ok({ key, statistic, condition: condition.value });
}

/** The result of a condition. */
export interface Judged {
  readonly holds: boolean;
  /** `Temp = 612.3 (> 500)`. */
  readonly text: string;
}

/**
 * Evaluates a condition. It does not hold if its number is missing; the text then gives the reason. Throws Error
 * for a column that is missing although the log has others, and for an unreadable one.
 */
export function judge({ key, statistic, condition }: LogCondition, log: Log, run: Run): Judged {
  const value = measuredOf(key, statistic, log, run);
  const fact = FACTS[key];
  const name = fact === undefined && statistic !== 'last' ? `${statistic} of ${key}` : key;
  const shown =
    value === null ? `unknown: ${whyUnknown(key, log, run)}` : String(Number(value.toPrecision(6)));
  return {
    holds: value !== null && meets(value, condition),
    text: `${name} = ${shown} (${formatCondition(condition)})`,
  };
}

/**
 * Returns the value of a column in the last row, or a fact of the log like `wall-time`. Throws Error with the
 * reason if the number is missing.
 */
export function lastOf(key: string, log: Log, run: Run): number {
  const value = measuredOf(key, 'last', log, run);
  if (value !== null && Number.isFinite(value)) return value;
  throw new Error(`the log's last row has no number for '${key}': ${whyUnknown(key, log, run)}`);
}

/** Describes the unreadable parts of a log. */
export function describeUnread({ reason, line, count }: Unread): string {
  return `line ${line}${count === 1 ? '' : ` and ${counted(count - 1, 'other')}`}: ${reason}`;
}

function whyUnknown(key: string, log: Log, run: Run): string {
  if (key === 'loop-time') return 'no run has ended yet';
  if (key === 'wall-time') return 'LAMMPS has not ended';
  if (log.all.rows === 0) return 'the thermo output is missing';
  const column = run.columns.get(key);
  if (column === undefined) return 'the last run does not have this column';
  return Number.isNaN(column.last) ? 'it is not a number' : 'no row has a number';
}

function measuredOf(key: string, statistic: Statistic, log: Log, run: Run): number | null {
  const lost = log.unread.filter((unread) => unread.lost).map(describeUnread);
  if (lost.length > 0 && !WITHOUT_ROWS.includes(key)) {
    throw new Error(`'${key}' is unknown, because parts of the log can't be read: ${lost.join('; ')}`);
  }
  const fact = FACTS[key];
  return fact === undefined ? statisticOf(columnOf(key, log, run), statistic) : fact(log, run);
}

function columnOf(key: string, log: Log, run: Run): Column | null {
  const column = run.columns.get(key);
  if (column !== undefined) return column;
  const names = [...log.all.columns.keys()];
  if (names.length === 0 || names.includes(key)) return null;
  const known = [...names, ...Object.keys(FACTS)];
  const hint = didYouMean(key, known) || thereAre(names);
  throw new Error(`the log has no column '${key}'${hint}`);
}

function statisticOf(column: Column | null, statistic: Statistic): number | null {
  if (column === null) return null;
  if (statistic !== 'last' && column.count === 0) return null;
  const value = column[statistic];
  return Number.isNaN(value) ? null : value;
}
