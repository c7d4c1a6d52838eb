/** `ensemble record FILE`. */

import { Command, Option } from 'commander';
import { Engine } from '../engine/engine.js';
import { EMPTY_PLAN } from '../engine/plan/plan.js';
import { MemberError } from '../errors.js';
import { createMember, executorNames, type MemberName } from '../members/create.js';
import { openRecorder, type Recorder } from '../recording/writer.js';
import { counted } from '../text/counted.js';
import { exitStatus } from './exit-status.js';
import { complainOf } from './output.js';
import { onSignals } from './signals.js';
import { goOnWithoutStreams, textNotices } from './streams.js';
import { timeOption } from './time-option.js';

interface RecordOptions {
  readonly executor: MemberName;
  readonly full?: boolean;
  readonly duration?: number;
  readonly force?: boolean;
}

/** Maximum seconds; timers of Node count milliseconds in 31 bits. */
const MAX_DURATION = 2e6;

/** Records the queue until `stop` resolves. Throws MemberError. */
async function follow(
  recorder: Recorder,
  { executor, full }: RecordOptions,
  stop: Promise<void>,
): Promise<{ records: number; events: number }> {
  const member = createMember(executor, {
    slots: undefined,
    ensemble: '',
    uri: undefined,
    validateAll: false,
    full: full === true,
  });
  // Without groups and rules the engine only counts events.
  const engine = new Engine(EMPTY_PLAN, { firing() {}, decodeError() {} });
  try {
    await new Promise<void>((resolve, reject) => {
      const sink = {
        // The queue can't wait for the disk.
        records: (lines: Uint8Array) => void recorder.write(lines),
        quiet() {},
        failed: reject,
      };
      member.start(sink, { engine, ensemble: '', events: null, wantsRecords: true }).catch(reject);
      void stop.then(resolve);
    });
    return await engine.status();
  } finally {
    await member.stop(0, 'done');
    engine.close();
  }
}

async function record(path: string, options: RecordOptions): Promise<number> {
  const { executor } = options;
  if (executor === 'local' || executor === 'slurm') {
    throw new MemberError(
      `the ${executor} member has no jobs outside of runs; use 'ensemble run FILE --record RECORDING' to record a run`,
      { code: 'ERR_MEMBER_UNAVAILABLE' },
    );
  }
  // A recording on standard output has no other messages.
  if (path !== '-') goOnWithoutStreams(textNotices);
  let end = () => {};
  const stop = new Promise<void>((resolve) => {
    end = resolve;
  });
  const recorder = await openRecorder(path, {
    force: options.force === true,
    problem: (error) => {
      complainOf(error);
      if (recorder.broken) end();
    },
  });
  const forgetSignals = onSignals(end, () => process.exit(exitStatus.interrupted));
  // The interval keeps the process running until a signal.
  const timer =
    options.duration === undefined
      ? setInterval(() => {}, 2 ** 30)
      : setTimeout(end, options.duration * 1000);
  try {
    const { records, events } = await follow(recorder, options, stop);
    console.error(`ensemble: recorded ${counted(records, 'record')} with ${counted(events, 'event')}`);
  } finally {
    clearTimeout(timer);
    // Its error was reported when it occurred.
    await recorder.close().catch(() => {});
    forgetSignals();
  }
  return recorder.error === null ? exitStatus.done : exitStatus.badInput;
}

export function recordCommand(): Command {
  return new Command('record')
    .description('record the journal of a queue in a file, with the jobs of all users')
    .argument('<file>', 'the recording, compressed for *.gz and *.zst; - for standard output')
    .addOption(new Option('--executor <member>', 'whose queue').choices(executorNames).default('flux'))
    .option(
      '--full',
      'begin with the inactive jobs that the queue still knows, not only with the active ones',
    )
    .option('--duration <time>', 'duration (default: until SIGINT or SIGTERM)', timeOption(MAX_DURATION))
    .option('--force', 'replace a recording that exists')
    .action(async (path: string, options: RecordOptions) => {
      process.exitCode = await record(path, options);
    });
}
