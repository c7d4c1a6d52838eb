// The cost of looking: the CPU of a run at 10,000 events a second with its live lines, with `ensemble top`, and without.

import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { withFolder } from './journals.mjs';
import { median, spread } from './measure.mjs';

const seconds = 6;
const rounds = 3;
/** Seconds after which a process is killed. */
const patience = 60;
const program = fileURLToPath(new URL('seen-run.mjs', import.meta.url));
const main = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
/** Runs a command on a terminal of 100 columns and 30 rows. */
const terminal = `
import fcntl, os, pty, struct, sys, termios
child, terminal = pty.fork()
if child == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
    os.execvp(sys.argv[1], sys.argv[1:])
while True:
    try:
        if not os.read(terminal, 65536):
            break
    except OSError:
        break
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) & 255)
`;

function onTerminal(...args) {
  const child = spawn('python3', ['-c', terminal, process.execPath, ...args], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, TERM: 'xterm' },
    timeout: patience * 1000,
  });
  return { child, ended: new Promise((resolve) => child.on('close', resolve)) };
}

/** CPU seconds of a run. */
async function cpuOf(progress, withTop) {
  return withFolder(async (folder) => {
    const run = join(folder, 'run');
    const result = join(folder, 'result');
    const seen = onTerminal(program, run, result, progress, String(seconds));
    while (withTop && !existsSync(join(run, 'run.json'))) await sleep(20);
    const top = withTop ? onTerminal(main, 'top', `${run}/`) : null;
    await seen.ended;
    // Its terminal closes, which ends it.
    top?.child.kill();
    await top?.ended;
    const { cpu, events, wasSeen } = JSON.parse(readFileSync(result, 'utf8'));
    if (events < 0.9 * seconds * 10_000) throw new Error(`only ${events} events were taken in`);
    if (wasSeen !== withTop) throw new Error('the view did not connect');
    return cpu;
  });
}

export async function run() {
  const found = { none: [], live: [], top: [] };
  for (let round = 0; round < rounds; round++) {
    found.none.push(await cpuOf('none', false));
    found.live.push(await cpuOf('live', false));
    found.top.push(await cpuOf('none', true));
  }
  const share = (all) => all.map((cpu) => (100 * cpu) / seconds);
  const baseline = `without a view ${spread(share(found.none), '%')}`;
  const row = (name, all) => ({
    name: `CPU of a run at 10,000 events/s ${name} (10 groups and rules)`,
    value: spread(share(all), '%'),
    baseline,
    ratio: median(found.none) / median(all),
  });
  return [row('with its live lines', found.live), row('with `ensemble top` attached', found.top)];
}
