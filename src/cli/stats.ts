/** `ensemble stats [FILE]`: the engine's estimators over numbers, one a line. */

import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { Command, InvalidArgumentError } from 'commander';
import type { Statistic } from '../config/types.js';
import { loadAddon, type NativeSummary } from '../engine/addon.js';
import { EnsembleError } from '../errors.js';
import { ASKED_STATISTICS, isStatistic, STATISTICS } from '../metrics/names.js';
import { nativeStatistic } from '../rules/metric-table.js';

/** Numbers handed over to the native side at once. */
const CHUNK = 65_536;

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

function readNumber(line: string, number: number): number {
  const text = line.trim();
  const value = DECIMAL.test(text) ? Number(text) : Number.NaN;
  if (Number.isFinite(value)) return value;
  const shown = text.length > 40 ? `${text.slice(0, 40)}…` : text;
  throw new EnsembleError(
    'ERR_FILE',
    `line ${number}: not a number: ${JSON.stringify(shown)}; write one decimal number a line, like 1.5 or 2e-3`,
  );
}

/** What is shown unless somebody asks for others. */
const SHOWN: readonly Statistic[] = [
  'count',
  ...STATISTICS,
  ...ASKED_STATISTICS.filter((name) => name !== 'count'),
  'p90',
  'p95',
  'p99',
];

/** A summary of the numbers in a stream of lines. Throws EnsembleError `ERR_FILE` at a line that is none. */
async function summarize(input: Readable): Promise<NativeSummary> {
  const summary = new (loadAddon().Summary)();
  const chunk = new Float64Array(CHUNK);
  let filled = 0;
  let lines = 0;
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    chunk[filled++] = readNumber(line, ++lines);
    if (filled === CHUNK) {
      summary.observe(chunk);
      filled = 0;
    }
  }
  summary.observe(chunk.subarray(0, filled));
  return summary;
}

/** Null for what has no value: without numbers, and of the sketch also when one was negative. */
function valuesOf(summary: NativeSummary, statistics: readonly Statistic[]): Record<string, number | null> {
  const values = statistics.map((name) => {
    const { statistic, quantile } = nativeStatistic(name);
    const value = summary.get(statistic, quantile);
    return [name, Number.isNaN(value) ? (name === 'count' ? 0 : null) : value] as const;
  });
  return Object.fromEntries(values);
}

function addStatistic(name: string, before: readonly Statistic[] | undefined): Statistic[] {
  if (isStatistic(name)) return [...(before ?? []), name];
  const known = [...STATISTICS, ...ASKED_STATISTICS].join(', ');
  throw new InvalidArgumentError(`There are ${known}, and percentiles like p95 or p99.9.`);
}

async function openInput(path: string | undefined): Promise<Readable> {
  if (path === undefined || path === '-') return process.stdin;
  const stream = createReadStream(path);
  await new Promise<void>((resolve, reject) => {
    stream.once('readable', resolve);
    stream.once('error', (cause) =>
      reject(new EnsembleError('ERR_FILE', `${path} can't be read: ${cause.message}`, { cause })),
    );
  });
  return stream;
}

export function statsCommand(): Command {
  return new Command('stats')
    .description("the engine's statistics of numbers, one a line, as JSON")
    .argument('[file]', 'where the numbers are; standard input by default')
    .option('-s, --statistic <name...>', 'only these, like p99.9', addStatistic)
    .action(async (path: string | undefined, { statistic = SHOWN }: { statistic?: readonly Statistic[] }) => {
      console.log(JSON.stringify(valuesOf(await summarize(await openInput(path)), statistic)));
    });
}
