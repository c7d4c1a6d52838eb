/** `ensemble synth`. */

import { Command, InvalidArgumentError } from 'commander';
import { type SynthOptions, synthDefaults, synthesize } from '../recording/synth.js';
import { openRecorder } from '../recording/writer.js';
import { timeOption } from './time-option.js';

interface SynthCommandOptions extends SynthOptions {
  readonly output: string;
  readonly force?: boolean;
}

/** A reader of numbers between two bounds; whole ones unless said otherwise. */
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
    .description('write a recording of jobs that never were, as Flux tells of a busy queue')
    .option('--jobs <n>', 'jobs in all', numberFrom(0, 1e9), defaults.jobs)
    .option('--groups <n>', 'job groups that they belong to', numberFrom(1, 1e6), defaults.groups)
    .option(
      '--failures <share>',
      'of the jobs, 0 to 1, that fail in one way or another',
      numberFrom(0, 1, 'decimal'),
      defaults.failures,
    )
    .option('--seed <n>', 'another recording for each', numberFrom(0, 2 ** 32 - 1), defaults.seed)
    .option('--slots <n>', 'jobs that run at once', numberFrom(1, 1e7), defaults.slots)
    .option('--rate <n>', 'jobs submitted in a second', numberFrom(1e-3, 1e6, 'decimal'), defaults.rate)
    .option('--mean-duration <time>', 'how long jobs run', timeOption(1e7, true), defaults.meanDuration)
    .option('--start <seconds>', 'of the first job, since the epoch', numberFrom(1, 1e10), defaults.start)
    .option('--age <time>', 'that the instance is old then', timeOption(1e9, true), defaults.age)
    .option('--output <file>', 'where to, compressed for *.gz and *.zst; standard output by default', '-')
    .option('--force', 'let --output replace a recording that exists')
    .action(synth);
}
