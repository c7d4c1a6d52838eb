/** `ensemble stats [FILE]`: the engine's estimators over numbers, one a line. */

import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { Command } from 'commander';
import { loadAddon } from '../engine/addon.js';
import { EnsembleError } from '../errors.js';
import { readSummary, type SummaryValues } from '../metrics/metrics.js';

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

/** The statistics of the numbers in a stream of lines. Throws EnsembleError `ERR_FILE` at a line that is none. */
async function summarize(input: Readable): Promise<SummaryValues> {
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
  return readSummary(summary.row());
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
    .action(async (path: string | undefined) => {
      console.log(JSON.stringify(await summarize(await openInput(path))));
    });
}
