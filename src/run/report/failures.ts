/** The failed jobs of a table by their reasons. */

import { lastLineOf } from '../../members/last-line.js';
import type { ReportFailure } from '../../report/html/content.js';
import { lastAttempts } from '../../store/jobs/last-attempts.js';
import { hasFailed } from '../../store/jobs/results.js';
import type { JobTable } from '../../store/jobs/table.js';
import { causeOfEnd, keyOfLine } from '../failure-words.js';

/** Jobs that are named for one reason. */
const EXAMPLES = 3;

interface Counted {
  /** The first row, and the first rows. */
  readonly rows: number[];
  readonly notes: Set<number>;
  count: number;
}

/** Reasons whose last lines are read. */
const MOST_LINES = 50;

/** Failed jobs by group and reason, the most frequent first. Attempts of one job count once. */
export async function failuresOf(table: JobTable): Promise<ReportFailure[]> {
  const error = table.find('error');
  const output = table.find('output');
  // Standard error without a file of its own goes to the output file.
  const lines = countedOf(table).map(async ({ row, ...failure }, index) => {
    const file = index < MOST_LINES ? (error?.text(row) ?? output?.text(row) ?? null) : null;
    return { ...failure, line: file === null ? null : await lastLineOf(file) };
  });
  return Promise.all(lines);
}

/** The same without lines; `row` is that of the first job. */
function countedOf({ jobs }: JobTable): (Omit<ReportFailure, 'line'> & { readonly row: number })[] {
  const { texts, note, exception, status, group, result, groups, ids } = jobs;
  const keys = new Map<number, string>();
  const keyOfNote = (index: number) => {
    const known = keys.get(index) ?? keyOfLine(texts[index] ?? '');
    keys.set(index, known);
    return known;
  };
  const reasons = new Map<string, Counted>();
  for (const row of lastAttempts(jobs)) {
    if (!hasFailed(result[row])) continue;
    const place = note[row] as number;
    // The status of a job that an exception ended says nothing more.
    const how = exception[row] === 0 ? status[row] : texts[exception[row] as number];
    const key = JSON.stringify([group[row], how, keyOfNote(place)]);
    const known = reasons.get(key) ?? { rows: [], notes: new Set(), count: 0 };
    if (known.count++ < EXAMPLES) known.rows.push(row);
    if (known.notes.size < 2) known.notes.add(place);
    reasons.set(key, known);
  }
  return [...reasons.values()]
    .sort((a, b) => b.count - a.count)
    .map(({ rows, notes, count }) => {
      const [first = 0] = rows;
      const text = (places: Uint32Array) => texts[places[first] as number] ?? '';
      return {
        ...causeOfEnd({
          type: text(exception),
          note: text(note),
          status: status[first] as number,
          varies: notes.size > 1,
        }),
        group: groups[group[first] as number] ?? '',
        count,
        row: first,
        jobs: rows.map((row) => ids[row] as bigint),
      };
    });
}
