/** `ensemble top [RUN]`. */

import { Command } from 'commander';
import type { FollowedRun } from '../api/client/followed-run.js';
import { ServiceError } from '../errors.js';
import { findRun, listRuns, type StoredRun } from '../store/runs.js';
import { stateFolder } from '../store/state-folder.js';
import { escapeControls } from '../text/describe.js';
import { exitStatus } from './exit-status.js';
import { clientOf } from './http-target.js';
import { printLines, terminalWidth } from './output.js';
import { addServiceOptions, type ServiceOptions } from './service-options.js';
import { onSignals } from './signals.js';
import { addStateOption, type StateOption } from './state-option.js';
import { colorsFor } from './tables.js';
import { Painter } from './top/painter.js';
import { LocalRun, RemoteRun, type RunSource } from './top/run-source.js';
import { snapshotLines } from './top/snapshot.js';
import { Terminal, terminalSize } from './top/terminal.js';
import { Top } from './top/top.js';

interface TopOptions extends StateOption, Omit<ServiceOptions, 'service'> {
  readonly http?: string | true;
  readonly once?: boolean;
}

/** Milliseconds for the first state of a run. */
const FIRST_STATE = 15_000;

/** The run that a user names; without a name the only one of this user that goes on, else the latest of this folder. */
function localRun({ state }: TopOptions, wanted: string | undefined): StoredRun {
  const folder = stateFolder(state);
  if (wanted !== undefined) return findRun(folder, wanted);
  const active = listRuns(folder).runs.filter((run) => run.state === 'running');
  const here = active.find(({ manifest }) => manifest.folder === process.cwd());
  const [only] = active;
  return here ?? (only !== undefined && active.length === 1 ? only : findRun(folder, undefined));
}

function openSource(wanted: string | undefined, options: TopOptions): Promise<RunSource> {
  const { http } = options;
  if (http === undefined) return LocalRun.open(localRun(options, wanted));
  return RemoteRun.open(clientOf({ ...options, http }), wanted);
}

/** Resolves when the first state of a run is there. Throws ServiceError where it can't be. */
function firstState(source: RunSource): Promise<FollowedRun> {
  return new Promise((resolve, reject) => {
    const look = () => {
      const { run } = source.current;
      const { state, detail } = run.connection;
      if (run.ensemble !== null) resolve(run);
      else if (state === 'refused' || state === 'lost') fail(detail ?? 'the run does not answer');
    };
    const fail = (reason: string) => {
      clearTimeout(timer);
      reject(new ServiceError(escapeControls(reason), { code: 'ERR_SERVICE_UNREACHABLE' }));
    };
    const timer = setTimeout(() => fail('the run does not answer'), FIRST_STATE).unref();
    source.subscribe(look);
    look();
  });
}

async function printOnce(source: RunSource): Promise<void> {
  const run = await firstState(source);
  const model = { run, jobs: null, job: null, output: null, now: Date.now() / 1000 };
  await printLines(snapshotLines(model, terminalWidth(), colorsFor(process.stdout)));
}

/** Resolves when the user quits. */
async function showOnScreen(source: RunSource): Promise<void> {
  const painter = new Painter((text) => process.stdout.write(text));
  let quit = () => {};
  const hasQuit = new Promise<void>((resolve) => {
    quit = resolve;
  });
  const view = new Top({
    ...{ source, colors: colorsFor(process.stdout) },
    size: terminalSize,
    paint: (lines) => painter.paint(lines),
    quit: () => quit(),
  });
  const forgetSignals = onSignals(
    () => quit(),
    () => process.exit(exitStatus.interrupted),
  );
  const redraw = () => {
    painter.forget();
    view.draw();
  };
  const terminal = new Terminal({
    key: (key) => (key === 'ctrl-l' ? redraw() : view.key(key)),
    redraw,
  });
  try {
    await hasQuit;
  } finally {
    view.close();
    terminal.close();
    forgetSignals();
  }
}

async function top(wanted: string | undefined, options: TopOptions): Promise<void> {
  const source = await openSource(wanted, options);
  try {
    if (options.once !== true && Terminal.isUsable) await showOnScreen(source);
    else await printOnce(source);
  } finally {
    source.close();
  }
}

export function topCommand(): Command {
  const command = new Command('top')
    .description('show a run on the whole terminal, and steer it with keys; ? shows them')
    .argument('[run]', 'its id, name or folder (default: the run that goes on, or the latest of this folder)')
    .option('--once', 'print the run as it is now; the default where the output is not a terminal');
  return addServiceOptions(
    addStateOption(command),
    '--http [address]',
    'show a run of an HTTP server: unix:/path or [host:]port (default: that of `ensemble-server start --http`)',
  ).action((run: string | undefined, options: TopOptions) => top(run, options));
}
