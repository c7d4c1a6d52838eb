/** `ensemble synth`. */

import { Command, InvalidArgumentError } from 'commander';
import { type SynthOptions, synthDefaults, synthesize } from '../recording/synth.js';
import { openRecorder } from '../recording/writer.js';
import { timeOption } from './time-option.js';

interface SynthCommandOptions extends SynthOptions {
  readonly output: string;
  readonly force?: boolean;
}

/** Returns a parser of numbers between two bounds; integers by default. */
function numberFrom(least: number, most: number, kind: 'integer' | 'decimal' = 'integer') {
  return (text: string): number => {
    const value = Number(text.trim() === '' ? Number.NaN : text);
    if (value >= least && value <= most && (kind === 'decimal' || Number.isInteger(value))) return value;
    throw new InvalidArgumentError(
      `It must be ${kind === 'integer' ? 'an integer' : 'a number'} from ${least} to ${most}.`,
    );
  };
}

async function synth({ output, force, ...options }: SynthCommandOptions): Promise<void> {
  const recorder = await openRecorder(output, { force: force === true });
  for (const piece of synthesize(options)) {
    await recorder.write(piece);
    if (recorder.broken) break;
  }
  await recorder.close();
}

export function synthCommand(): Command {
  const defaults = synthDefaults;
  return new Command('synth')
    .description('write a synthetic recording, like that of a busy Flux queue')
    .option('--jobs <n>', 'number of jobs', numberFrom(0, 1e9), defaults.jobs)
    .option('--groups <n>', 'number of job groups', numberFrom(1, 1e6), defaults.groups)
    .option(
      '--failures <share>',
      'fraction of jobs that fail, 0 to 1',
      numberFrom(0, 1, 'decimal'),
      defaults.failures,
    )
    .option('--seed <n>', 'seed of the random numbers', numberFrom(0, 2 ** 32 - 1), defaults.seed)
    .option('--slots <n>', 'jobs that run at the same time', numberFrom(1, 1e7), defaults.slots)
    .option('--rate <n>', 'jobs submitted a second', numberFrom(1e-3, 1e6, 'decimal'), defaults.rate)
    .option(
      '--mean-duration <time>',
      'mean run time of the jobs',
      timeOption(1e7, true),
      defaults.meanDuration,
    )
    .option(
      '--start <seconds>',
      'time of the first job, in seconds since the epoch',
      numberFrom(1, 1e10),
      defaults.start,
    )
    .option('--age <time>', 'age of the instance at that time', timeOption(1e9, true), defaults.age)
    .option('--output <file>', 'output file, compressed for *.gz and *.zst; - for standard output', '-')
    .option('--force', 'let --output replace a recording that exists')
    .action(synth);
}
