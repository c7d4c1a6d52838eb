/** The options that `ensemble run` and `ensemble resume` have in common. */

import { type Command, InvalidArgumentError, Option } from 'commander';
import { DURABILITIES, type Durability } from '../model/durability.js';
import type { EnsembleOptions } from '../run/options.js';
import { addHttpOptions, type HttpOptions } from './http.js';
import { PROGRESS, type ProgressKind } from './live/live-progress.js';
import type { MiniClusterOptions } from './minicluster-options.js';
import { addServiceOptions } from './service-options.js';
import { sizeOption } from './size-option.js';
import { addStateOption, type StateOption } from './state-option.js';
import { timeOption } from './time-option.js';

export interface DriveOptions extends MiniClusterOptions, StateOption, HttpOptions {
  readonly results?: string;
  readonly slots?: number;
  readonly durability?: Durability;
  readonly outputLimit?: number;
  readonly logLimit?: number;
  readonly debug?: boolean;
  readonly progress?: ProgressKind;
  readonly json?: boolean;
  readonly watch?: boolean;
  readonly record?: string;
  readonly force?: boolean;
  readonly allowFailures?: boolean;
  readonly notifyWait?: number;
  readonly slurmInterval?: number;
  readonly instances?: number;
}

/** Maximum seconds between two looks at the queue of Slurm. */
const MOST_SLURM_INTERVAL = 3600;

/** The options of the run among those of a command that begins it or goes on with it. */
export function runOptions({
  slots,
  notifyWait,
  slurmInterval,
  instances,
  durability,
  outputLimit,
  logLimit,
  service,
  http,
}: DriveOptions): Pick<
  EnsembleOptions,
  | 'slots'
  | 'notifyWait'
  | 'slurmInterval'
  | 'instances'
  | 'durability'
  | 'outputLimit'
  | 'logLimit'
  | 'sketches'
> {
  return {
    ...(slots === undefined ? {} : { slots }),
    ...(notifyWait === undefined ? {} : { notifyWait }),
    ...(slurmInterval === undefined ? {} : { slurmInterval }),
    ...(instances === undefined ? {} : { instances }),
    ...(durability === undefined ? {} : { durability }),
    ...(outputLimit === undefined ? {} : { outputLimit }),
    ...(logLimit === undefined ? {} : { logLimit }),
    // A service merges quantiles, and HTTP shows histograms.
    sketches: service !== undefined || http !== undefined,
  };
}

function positiveInteger(most: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : 0;
    if (value >= 1 && value <= most) return value;
    throw new InvalidArgumentError(`It must be an integer from 1 to ${most}.`);
  };
}

/** Adds the options to a command. `words` are those that differ between the commands. */
export function addDriveOptions(
  command: Command,
  words: {
    readonly name: string;
    readonly slots: string;
    readonly instances: string;
    readonly watch: string;
    readonly durability: string;
    readonly outputLimit: string;
    readonly logLimit: string;
  },
): Command {
  command
    .option('--slots <n>', words.slots, positiveInteger(1_000_000))
    .option(
      '--instances <n>',
      `for flux: Flux instances inside of this one that run the jobs; for slurm: pilots of the file (default: ${words.instances})`,
      positiveInteger(8192),
    )
    .option('--name <name>', words.name)
    .option('--host <host>', 'for minicluster: host of the service that resizes it (default: as --service)')
    .option('--port <port>', 'for minicluster: its port (default: 50051)', positiveInteger(65_535))
    .addOption(
      new Option(
        '--progress <kind>',
        'show the run at the bottom of the terminal, or by a line every 10 s (default: live on a terminal)',
      ).choices(PROGRESS),
    )
    .option('--debug', 'print every journal record')
    .option('--json', 'print machine-readable lines; the last one is the summary')
    .option('--watch', words.watch)
    .option('--record <file>', 'record the journal in a file; see --force')
    .option('--force', 'let --record replace a recording that exists')
    .option('--results <file>', 'write all jobs to a file at the end: *.csv, *.json, *.jsonl or *.parquet')
    .addOption(
      new Option(
        '--durability <what>',
        `what the log of the run survives at every moment: the end of its process, or of its host (default: ${words.durability})`,
      ).choices(DURABILITIES),
    )
    .option(
      '--output-limit <size>',
      `for local: bytes that outputs in the folder of the run take at most, as 500MB (default: ${words.outputLimit})`,
      sizeOption,
    )
    .option(
      '--log-limit <size>',
      `bytes that the log of the run takes at most, as 500MB (default: ${words.logLimit})`,
      sizeOption,
    )
    .option(
      '--slurm-interval <time>',
      'for slurm: time between two looks at its queue, three times as long while nothing happens (default: 10s)',
      timeOption(MOST_SLURM_INTERVAL),
    )
    .option(
      '--notify-wait <seconds>',
      'time for notifications that are not delivered at the end (default: 10)',
      positiveInteger(3600),
    )
    .option('--allow-failures', 'exit with status 0 even if jobs failed');
  const withService = addServiceOptions(
    addStateOption(command),
    '--service [address]',
    'register with a service, which can then watch and steer the run',
  );
  return addHttpOptions(withService);
}
