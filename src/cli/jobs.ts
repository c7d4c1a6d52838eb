/** `ensemble jobs [RUN]`. */

import { Command, Option } from 'commander';
import { readJobs, type StoredJobs } from '../run/open-run.js';
import { jobsBy, STATISTICS } from '../store/jobs/by.js';
import { allColumns, csvField, csvLines, jsonLines, plainColumns } from '../store/jobs/export.js';
import { writeParquet } from '../store/jobs/parquet.js';
import { type JobQuery, selectJobs } from '../store/jobs/query.js';
import { RESULTS } from '../store/jobs/results.js';
import type { JobTable } from '../store/jobs/table.js';
import { damageWords, incompleteWords } from '../store/log-gap.js';
import { findRun, type StoredRun } from '../store/runs.js';
import { stateFolder } from '../store/state-folder.js';
import { counted } from '../text/counted.js';
import { tableLines } from '../text/table.js';
import { countOption } from './count-option.js';
import { byTable, jobTable, shownColumns } from './job-cells.js';
import { usualColumns } from './job-columns.js';
import { complain, print, printLines } from './output.js';
import { addStateOption, type StateOption } from './state-option.js';
import { colorsFor, layoutFor } from './tables.js';
import { writeJobs } from './write-jobs.js';

interface JobsOptions extends StateOption {
  readonly group?: readonly string[];
  readonly result?: readonly string[];
  readonly where?: string;
  readonly sort?: string;
  readonly limit?: number;
  readonly columns?: readonly string[];
  readonly by?: string;
  readonly json?: boolean;
  readonly csv?: boolean;
  readonly parquet?: string;
}

/** Jobs that a table shows without `--limit`. */
export const ON_TERMINAL = 50;
export const IN_FILE = 10_000;

/** Warns of damage to the log of a run, and of a log that ended early. */
export function warnOfDamage({ manifest: { id } }: StoredRun, stored: StoredJobs): void {
  const { damage, incompleteSince } = stored;
  if (incompleteSince !== null) complain(incompleteWords(id, incompleteSince), 'warning');
  if (damage !== null) complain(damageWords(id, damage), 'warning');
}

function queryOf({ group, result, where, sort, by }: JobsOptions): Omit<JobQuery, 'limit'> {
  return {
    ...(group === undefined ? {} : { groups: group }),
    ...(result === undefined ? {} : { results: result }),
    ...(where === undefined ? {} : { where }),
    // A summary sorts its own rows.
    ...(sort === undefined || by !== undefined ? {} : { sort }),
  };
}

async function jobs(wanted: string | undefined, options: JobsOptions): Promise<void> {
  const run = findRun(stateFolder(options.state), wanted);
  const stored = await readJobs(run);
  warnOfDamage(run, stored);
  const rows = selectJobs(stored.table, queryOf(options));
  if (options.by !== undefined) return summarize(stored.table, rows, options.by, options);
  return list(stored.table, rows, options);
}

async function list(table: JobTable, all: Uint32Array, options: JobsOptions): Promise<void> {
  const rows = all.subarray(0, options.limit);
  const named = options.columns?.map((name) => table.column(name));
  if (options.parquet !== undefined) {
    if (named === undefined) await writeJobs(options.parquet, table, rows);
    else await writeParquet(options.parquet, rows, named);
    return;
  }
  if (options.csv) return printLines(csvLines(rows, named ?? allColumns(table)));
  if (options.json)
    return printLines(jsonLines(table, rows, named ?? plainColumns(table), named === undefined));
  const most = process.stdout.isTTY ? ON_TERMINAL : IN_FILE;
  const shown = options.limit === undefined ? rows.subarray(0, most) : rows;
  const colors = colorsFor(process.stdout);
  const columns =
    named?.map((column) => ({ column, name: column.name, title: column.name, spare: null })) ??
    shownColumns(table, usualColumns(table.parameterNames));
  const layout = layoutFor(process.stdout, named === undefined ? 'drop' : 'wrap');
  await printLines(tableLines(jobTable(columns, shown, named !== undefined, colors), layout));
  if (table.length === 0) print('this run has no jobs');
  else if (shown.length < all.length || all.length === 0) {
    const isAll = all.length === table.length;
    const found = isAll ? counted(all.length, 'job') : counted(all.length, 'matching job');
    const more = isAll ? '' : `; the run has ${counted(table.length, 'job')}`;
    print(colors.dim(`${shown.length} of ${found} shown${more}`));
  }
}

/** Prints counts and statistics for each value of a column. */
async function summarize(
  table: JobTable,
  rows: Uint32Array,
  by: string,
  { sort, limit, json, csv }: JobsOptions,
): Promise<void> {
  const values = jobsBy(table, rows, by, sort).slice(0, limit);
  const cells = (each: (typeof values)[number]) =>
    STATISTICS.map((key) => (Number.isNaN(each[key]) ? null : each[key]));
  if (json) {
    const isNumber = table.column(by).kind === 'number';
    const typed = (value: string | null) => (isNumber && value !== null ? Number(value) : value);
    return printLines(
      values.map((each) => {
        const statistics = cells(each).map((value, i) => [STATISTICS[i], value] as const);
        return JSON.stringify({ [by]: typed(each.value), ...Object.fromEntries(statistics) });
      }),
    );
  }
  if (csv) {
    const titles = [by, ...STATISTICS].map(csvField).join(',');
    const lines = values.map((each) => [csvField(each.value ?? ''), ...cells(each)].join(','));
    return printLines([titles, ...lines]);
  }
  await printLines(tableLines(byTable(by, values), layoutFor(process.stdout, 'drop')));
  if (values.length === 0) print('no jobs match');
}

const more = (text: string, before: readonly string[] = []) => [...before, text];
const listed = (text: string, before: readonly string[] = []) => [
  ...before,
  ...text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== ''),
];

export function jobsCommand(): Command {
  const command = new Command('jobs')
    .description('show the jobs of a run, also while it goes on')
    .argument('[run]', 'its id, name or folder (default: the latest run that was started in this folder)')
    .option('--group <group>', 'only jobs of this group; may be repeated', more)
    .option(
      '--result <results>',
      `only jobs with these results: ${RESULTS.join(', ')}; failed includes timeout and refused`,
      listed,
    )
    .option('--where <expression>', 'only jobs that satisfy it, as "duration > 1h and parameters.T >= 400"')
    .option('--sort <column>', 'sort by a column, as duration or duration:desc')
    .option('--limit <n>', 'at most n jobs', countOption('jobs'))
    .option('--columns <columns>', 'these columns, as id,duration,parameters.T', listed)
    .option('--by <column>', 'counts and durations for each value of a column')
    .addOption(
      new Option('--json', 'print a JSON object for each job, one a line').conflicts(['csv', 'parquet']),
    )
    .addOption(new Option('--csv', 'print CSV').conflicts('parquet'))
    .addOption(new Option('--parquet <file>', 'write a Parquet file').conflicts('by'));
  return addStateOption(command).action((run: string | undefined, options: JobsOptions) =>
    jobs(run, options),
  );
}
