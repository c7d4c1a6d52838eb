/** `ensemble stats [FILE]`: the engine's statistics of numbers, one a line. */

import { Command, InvalidArgumentError } from 'commander';
import { loadAddon, type NativeSummary } from '../engine/addon.js';
import { nativeStatistic } from '../engine/plan/metric-table.js';
import { EnsembleError } from '../errors.js';
import { ASKED_STATISTICS, isStatistic, STATISTICS, type Statistic } from '../model/metric-names.js';
import { openLines } from '../recording/reader.js';

/** Numbers passed to the native side in one call. */
const CHUNK = 65_536;

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

function readNumber(line: string, number: number): number {
  const text = line.trim();
  const value = DECIMAL.test(text) ? Number(text) : Number.NaN;
  if (Number.isFinite(value)) return value;
  const shown = text.length > 40 ? `${text.slice(0, 40)}…` : text;
  const isRecord = /^\{"(id|events)":/.test(text);
  const hint = isRecord
    ? '`ensemble replay` reads recordings'
    : 'write one decimal number a line, like 1.5 or 2e-3';
  throw new EnsembleError('ERR_FILE', `line ${number}: not a number: ${JSON.stringify(shown)}; ${hint}`);
}

/**
 * Yields the lines of a text in pieces. `failed` is called when it can't be read to its end. An incomplete last
 * line is then skipped.
 */
async function* linesOf(
  pieces: AsyncIterable<Uint8Array>,
  failed: (cause: unknown) => void,
): AsyncGenerator<string, void, void> {
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for await (const piece of pieces) {
      const lines = (rest + decoder.decode(piece, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
    }
  } catch (cause) {
    failed(cause);
    return;
  }
  if (rest !== '') yield rest;
}

/** The statistics shown by default. */
const SHOWN: readonly Statistic[] = [
  'count',
  ...STATISTICS,
  ...ASKED_STATISTICS.filter((name) => name !== 'count'),
  'p90',
  'p95',
  'p99',
];

/** Returns a summary of the numbers in lines. Throws EnsembleError `ERR_FILE` for a line that is not a number. */
async function summarize(lines: AsyncIterable<string>): Promise<NativeSummary> {
  const summary = new (loadAddon().Summary)(true, 0);
  const chunk = new Float64Array(CHUNK);
  let filled = 0;
  let count = 0;
  for await (const line of lines) {
    chunk[filled++] = readNumber(line, ++count);
    if (filled === CHUNK) {
      summary.observe(chunk);
      filled = 0;
    }
  }
  summary.observe(chunk.subarray(0, filled));
  return summary;
}

/** Returns the values of statistics; null for those without a value. */
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

/** Prints the statistics. Throws EnsembleError `ERR_FILE` when the file could not be read to its end. */
async function stats(path: string, statistic: readonly Statistic[]): Promise<void> {
  const reader = await openLines(path, path === '-' ? 'standard input' : path);
  let error: unknown = null;
  const lines = linesOf(reader.pieces(), (cause) => {
    error = cause;
  });
  const summary = await summarize(lines);
  if (error === null || reader.bytesRead > 0) console.log(JSON.stringify(valuesOf(summary, statistic)));
  if (error !== null) throw error;
}

export function statsCommand(): Command {
  return new Command('stats')
    .description("compute the engine's statistics of numbers, one a line, as JSON")
    .argument('[file]', 'file of numbers, compressed or not; - for standard input', '-')
    .option('-s, --statistic <name...>', 'only these, like p99.9', addStatistic)
    .action((path: string, { statistic = SHOWN }: { statistic?: readonly Statistic[] }) =>
      stats(path, statistic),
    );
}
