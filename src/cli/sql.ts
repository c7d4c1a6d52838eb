/** `ensemble sql [RUN] STATEMENT`. */

import { Command, Option } from 'commander';
import { readJobs } from '../run/open-run.js';
import { csvField } from '../store/jobs/export.js';
import { type SqlResult, type SqlValue, withSql } from '../store/jobs/sql.js';
import { findRun } from '../store/runs.js';
import { stateFolder } from '../store/state-folder.js';
import { counted } from '../text/counted.js';
import { escapeControls } from '../text/describe.js';
import { show } from '../text/show.js';
import { tableLines } from '../text/table.js';
import { IN_FILE, ON_TERMINAL, warnOfDamage } from './jobs.js';
import { print, printLines } from './output.js';
import { addStateOption, type StateOption } from './state-option.js';
import { colorsFor, layoutFor } from './tables.js';

interface SqlOptions extends StateOption {
  readonly json?: boolean;
  readonly csv?: boolean;
}

const textOf = (value: SqlValue) => (typeof value === 'object' ? JSON.stringify(value) : String(value));

function cellOf(value: SqlValue): string {
  if (value === null) return '-';
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : show(value);
  return escapeControls(textOf(value));
}

/** As `csvLines`: an unknown value is an empty field, and an empty text is `""`. */
function fieldOf(value: SqlValue): string {
  if (value === null) return '';
  const text = textOf(value);
  return text === '' ? '""' : csvField(text);
}

async function printTable({ names, numeric, portions }: SqlResult): Promise<void> {
  const most = process.stdout.isTTY ? ON_TERMINAL : IN_FILE;
  const rows: string[][] = [];
  // One more shows that there are more.
  for await (const portion of portions) {
    for (const row of portion.slice(0, most + 1 - rows.length)) rows.push(row.map(cellOf));
    if (rows.length > most) break;
  }
  const isCut = rows.length > most;
  if (isCut) rows.pop();
  const columns = names.map((name, i) => ({
    title: escapeControls(name),
    align: numeric[i] ? ('right' as const) : ('left' as const),
  }));
  await printLines(tableLines({ columns, rows }, layoutFor(process.stdout, 'wrap')));
  if (rows.length === 0) print('no rows');
  if (isCut)
    print(
      colorsFor(process.stdout).dim(`the first ${counted(most, 'row')} shown; LIMIT sets another number`),
    );
}

async function printJson({ names, portions }: SqlResult): Promise<void> {
  for await (const rows of portions) {
    await printLines(
      rows.map((row) => JSON.stringify(Object.fromEntries(names.map((name, i) => [name, row[i]])))),
    );
  }
}

async function printCsv({ names, portions }: SqlResult): Promise<void> {
  await printLines([names.map(csvField).join(',')]);
  for await (const rows of portions) await printLines(rows.map((row) => row.map(fieldOf).join(',')));
}

async function sql(wanted: string | undefined, statement: string, options: SqlOptions): Promise<void> {
  const run = findRun(stateFolder(options.state), wanted);
  const stored = await readJobs(run);
  warnOfDamage(run, stored);
  await withSql(stored.table, statement, options.json ? printJson : options.csv ? printCsv : printTable);
}

export function sqlCommand(): Command {
  const command = new Command('sql')
    .description(
      'query the jobs of a run by SQL over the table jobs (needs the npm package @duckdb/node-api)',
    )
    .argument('<run-or-sql>', 'the run: its id, name or folder; without it, the latest run of this folder')
    .argument('[sql]', `as 'SELECT "group", count(*) FROM jobs GROUP BY ALL'`)
    .addOption(new Option('--json', 'print a JSON object for each row, one a line').conflicts('csv'))
    .option('--csv', 'print CSV');
  return addStateOption(command).action((first: string, second: string | undefined, options: SqlOptions) =>
    second === undefined ? sql(undefined, first, options) : sql(first, second, options),
  );
}
