/** The screens about one job: its facts, and its output. */

import type { FailuresOfGroup } from '../../api/schemas/failure.js';
import { formatBytes } from '../../text/bytes.js';
import { escapeControls } from '../../text/describe.js';
import { duration } from '../../text/duration.js';
import { timeOf } from '../../text/local-time.js';
import { show } from '../../text/show.js';
import { clipped, flow, widthOf } from '../../text/width.js';
import type { Colors } from '../tables.js';
import { paintResult, ranFor, resultWord } from './jobs-view.js';
import type { JobRow, ShownJob, ShownOutput, ShownRun } from './model.js';

/** Columns that have lines of their own, or say nothing to people. */
const LEFT_OUT = new Set([
  'id',
  'jobid',
  'result',
  'duration',
  'pending',
  'submit',
  'start',
  'finish',
  'status',
  'part',
]);
/** Columns that come first. */
const FIRST = ['group', 'exit', 'signal', 'exception', 'note'];
const TIMES = ['submit', 'start', 'finish'];

/** The last line on the standard error of a failed job, where the run has kept it. */
function lastWords(failures: Iterable<FailuresOfGroup>, id: string): string | null {
  for (const { reasons } of failures) {
    for (const { jobs, reason } of reasons) {
      const found = jobs.find(({ job }) => job === id);
      if (found !== undefined) return found.line === null ? reason : `${reason}: ${found.line}`;
    }
  }
  return null;
}

/** Lines of a value after its title, wrapped. */
function factLines(title: string, value: string, titles: number, width: number, colors: Colors): string[] {
  const indent = ' '.repeat(titles + 2);
  const room = Math.max(16, width - titles - 2);
  const [first = '', ...others] = flow(escapeControls(value).split(/(?<=[ /])/), '', room);
  return [`${colors.dim(title.padEnd(titles))}  ${first}`, ...others.map((text) => `${indent}${text}`)].map(
    (line) => clipped(line, width),
  );
}

function factsOf(row: JobRow, attempts: number, now: number): [title: string, value: string][] {
  const ran = ranFor(row, now);
  const times = TIMES.flatMap((name): [string, string][] => {
    const value = row[name];
    return typeof value === 'number' ? [[name, timeOf(value)]] : [];
  });
  const seconds: [string, string][] = [
    ...(typeof row.pending === 'number' ? [['waited', duration(row.pending)] as [string, string]] : []),
    ...(ran === null ? [] : [['ran', duration(ran)] as [string, string]]),
  ];
  const others = Object.entries(row).flatMap(([name, value]): [string, string][] => {
    if (value === null || LEFT_OUT.has(name) || typeof value === 'object') return [];
    return [[name.replace(/^parameters\./, ''), typeof value === 'number' ? show(value) : String(value)]];
  });
  const parameters = row.parameters;
  const given =
    typeof parameters === 'object' && parameters !== null
      ? Object.entries(parameters).map(([name, value]): [string, string] => [name, String(value)])
      : [];
  const isFirst = ([name]: readonly [string, string]) => FIRST.includes(name);
  return [
    ...others.filter(isFirst),
    ...given,
    ...times,
    ...seconds,
    ...others.filter((fact) => !isFirst(fact)),
    ...(attempts > 1 ? [['attempts', String(attempts)] as [string, string]] : []),
  ];
}

/** All lines about a job. */
export function jobLinesOf(
  { job, error }: ShownJob,
  run: ShownRun,
  width: number,
  now: number,
  colors: Colors,
): string[] {
  if (job === null)
    return [
      error === null ? colors.dim('reading the job') : colors.yellow(clipped(escapeControls(error), width)),
    ];
  const row = job.job;
  const id = String(row.id ?? '');
  const facts = factsOf(row, job.attempts, now);
  const why = lastWords(run.failures.values(), id);
  if (why !== null) facts.unshift(['failed with', why]);
  const titles = Math.min(16, Math.max(...facts.map(([title]) => widthOf(title)), 6));
  const size = ({ bytes }: { bytes: number | null }) => (bytes === null ? 'missing' : formatBytes(bytes));
  const files = [
    ...(job.output === null ? [] : [['output', `${job.output.path} (${size(job.output)})`] as const]),
    ...(job.error === null ? [] : [['error', `${job.error.path} (${size(job.error)})`] as const]),
  ];
  const isFile = (title: string) => files.some(([name]) => name === title);
  return [
    clipped(`${colors.bold(`job ${escapeControls(id)}`)}  ${paintResult(resultWord(row), colors)}`, width),
    ...[...facts.filter(([title]) => !isFile(title)), ...files].flatMap(([title, value]) =>
      factLines(escapeControls(title), value, titles, width, colors),
    ),
  ];
}

/** The part of an output that is on the screen. `back` is the number of lines after it. */
export function outputLines(
  { lines, skipped, error }: ShownOutput,
  { width, height }: { readonly width: number; readonly height: number },
  back: number,
  colors: Colors,
): string[] {
  if (error !== null) return [colors.yellow(clipped(escapeControls(error), width))];
  if (lines.length === 0) return [colors.dim('no output so far')];
  const to = Math.max(Math.min(height, lines.length), lines.length - back);
  const from = Math.max(0, to - height);
  const shown = lines
    .slice(from, to)
    .map((line) => clipped(escapeControls(line.replace(/\t/g, '    ')), width));
  if (from > 0 || skipped === 0 || shown.length < height) return shown;
  return [colors.dim(`${formatBytes(skipped)} before this are not shown`), ...shown.slice(1)];
}
