/** `ensemble doctor`: what works on this machine, and what to do about the rest. */

import { availableParallelism } from 'node:os';
import { Command } from 'commander';
import { defaultExecutor } from '../members/default-executor.js';
import { stateFolder } from '../store/state-folder.js';
import { escapeControls } from '../text/describe.js';
import { countOption } from './count-option.js';
import { checks } from './doctor/catalog.js';
import { type Examined, examine } from './doctor/examine.js';
import type { State } from './doctor/finding.js';
import { exitStatus } from './exit-status.js';
import { print } from './output.js';
import { addStateOption, type StateOption } from './state-option.js';
import { colorsFor } from './tables.js';
import { timeOption } from './time-option.js';

interface DoctorOptions extends StateOption {
  readonly slots?: number;
  readonly json?: boolean;
  readonly wait?: number;
}

/** Seconds that a check may take. */
const WAIT = 2;

function printText(all: readonly Examined[]): void {
  const { green, yellow, red } = colorsFor(process.stdout);
  const paint: Readonly<Record<State, (text: string) => string>> = {
    ok: green,
    missing: yellow,
    broken: red,
  };
  const width = Math.max(...all.map(({ name }) => name.length));
  for (const { name, state, text, remedy } of all) {
    const words = remedy === null ? text : `${text}; ${remedy}`;
    // A message of another program may have several lines.
    const line = escapeControls(words.replaceAll(/\s*\n\s*/g, ' '));
    print(`${paint[state](state.padEnd('missing'.length))}  ${name.padEnd(width)}  ${line}`);
  }
  const blocking = all.filter(({ blocks }) => blocks).map(({ name }) => name);
  const { name } = defaultExecutor(process.env, false);
  print(
    blocking.length === 0
      ? `the local member can run here; ensemble run takes ${name} without --executor`
      : `the local member can't run here: ${blocking.join(', ')}`,
  );
}

async function doctor({
  slots = availableParallelism(),
  state,
  json,
  wait = WAIT,
}: DoctorOptions): Promise<void> {
  const all = await examine(checks, { slots, state: stateFolder(state), wait });
  if (json) for (const { name: check, ...found } of all) print(JSON.stringify({ check, ...found }));
  else printText(all);
  process.exitCode = all.some(({ blocks }) => blocks) ? exitStatus.failure : exitStatus.done;
}

export function doctorCommand(): Command {
  const command = new Command('doctor')
    .description('say what works on this machine, and what to do about what does not')
    .option(
      '--slots <n>',
      "slots of the local member that the limits must allow (default: the machine's cores)",
      countOption('slots'),
    )
    .option('--wait <time>', `time that a check may take (default: ${WAIT}s)`, timeOption(3600))
    .option('--json', 'print a JSON object for each check, one a line');
  return addStateOption(command).action(doctor);
}
