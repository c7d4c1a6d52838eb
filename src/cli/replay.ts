/** `ensemble replay RECORDING [CONFIG]`. */

import { Command, InvalidArgumentError } from 'commander';
import { loadConfig } from '../config/load.js';
import { formatDiagnostics } from '../config/source/format.js';
import type { DecodeError } from '../engine/addon.js';
import { openRecording } from '../recording/reader.js';
import { Replay, type ReplayResult } from '../recording/replay.js';
import { exitStatus } from './exit-status.js';
import { jsonReplayReporter } from './json-report.js';
import { showProgress } from './progress.js';
import { onSignals } from './signals.js';
import { standardOutput } from './streams.js';
import { textReplayReporter } from './text-report.js';

interface ReplayCommandOptions {
  /** Infinity for the maximum speed, because commander shows a null as an empty text. */
  readonly speed?: number;
  readonly json?: boolean;
}

function speedOf(text: string): number {
  if (text === 'max') return Number.POSITIVE_INFINITY;
  const speed = /^\d+(\.\d+)?$/.test(text) ? Number(text) : 0;
  if (speed > 0) return speed;
  throw new InvalidArgumentError('It must be a number greater than 0, or max.');
}

function statusOf({ end }: ReplayResult): number {
  if (end === 'interrupted') return exitStatus.interrupted;
  return end === 'failed' ? exitStatus.badInput : exitStatus.done;
}

async function replayFile(path: string, configPath: string | undefined, options: ReplayCommandOptions) {
  const { speed = Number.POSITIVE_INFINITY } = options;
  const loaded = configPath === undefined ? undefined : await loadConfig(configPath, { recorded: true });
  if (loaded !== undefined && loaded.warnings.length > 0) console.error(formatDiagnostics(loaded.warnings));
  const reader = await openRecording(path);
  const reporter = (options.json ? jsonReplayReporter : textReplayReporter)(loaded?.config);
  const interrupt = new AbortController();
  // Reported after the firings, because their interleaving is not deterministic.
  const errors: DecodeError[] = [];
  const replay = new Replay(reader, {
    ...(loaded === undefined ? {} : { config: loaded.config }),
    ...(speed === Number.POSITIVE_INFINITY ? {} : { speed }),
    signal: interrupt.signal,
    firing: (firing) => reporter.firing(firing),
    retry: (retry) => reporter.retry(retry),
    decodeError: (error) => errors.push(error),
    ready: () => (standardOutput.full ? standardOutput.written() : undefined),
  });
  const hideProgress = showProgress(replay, reader);
  const forgetSignals = onSignals(
    () => interrupt.abort(),
    () => process.exit(exitStatus.interrupted),
  );
  try {
    const result = await replay.run();
    hideProgress();
    forgetSignals();
    // A file without any record gives one message instead.
    if (result.metrics.status.records > 0) for (const error of errors) reporter.decodeError(error);
    await reporter.finish(result);
    return statusOf(result);
  } finally {
    hideProgress();
    forgetSignals();
  }
}

export function replayCommand(): Command {
  return new Command('replay')
    .description("show the statistics of a recording, and the firings of an ensemble's rules")
    .argument('<recording>', 'journal records, one a line, compressed or not; - for standard input')
    .argument('[config]', 'ensemble file with the rules; without it, every group of the recording is tracked')
    .option('--speed <times>', "multiple of the recording's speed, or max", speedOf)
    .option('--json', 'print machine-readable lines; the last one is the summary')
    .action(async (path: string, config: string | undefined, options: ReplayCommandOptions) => {
      process.exitCode = await replayFile(path, config, options);
    });
}
