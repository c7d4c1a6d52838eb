/** `ensemble top`, as a user sees it on a terminal. */

import headless from '@xterm/headless';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cli, ensembleFile, eventually, newFolder, type Running, start } from '../support/cli.js';
import { startOnTerminal, type Terminal } from './pty.js';

const study = ensembleFile(`jobs:
  - {name: quick, command: "echo job-{{index}}-of-quick", count: 3}
  - {name: bad, command: 'sh -c "echo no such file >&2; exit 3"', count: 2}
  - {name: slow, command: 'sh -c "echo begun; sleep 100"', count: 2}
  - {name: many, command: sleep 100, count: 20000}
rules:
  - {trigger: start, action: {name: submit, label: quick}}
  - {trigger: start, action: {name: submit, label: bad}}
  - {trigger: start, action: {name: submit, label: slow}}
  - {trigger: start, action: {name: submit, label: many}}
  - {trigger: metric, when: count.quick.success >= 100, action: {name: submit, label: quick}}
`);

const env = { XDG_RUNTIME_DIR: newFolder(), XDG_STATE_HOME: newFolder(), NO_COLOR: '1', TERM: 'screen' };
let running: Running;

beforeAll(async () => {
  running = start(['run', study, '--name', 'study', '--slots', '3'], { env });
  await eventually(
    async () => /bad .* 2\/2/.test((await cli(['top', '--once'], { env })).stdout),
    'the quick jobs have ended',
    60,
  );
}, 90_000);
afterAll(() => running.process.kill('SIGKILL'));

/** A terminal emulator that shows what the command writes. */
class Shown {
  readonly terminal: Terminal;
  readonly #emulator: InstanceType<typeof headless.Terminal>;
  #taken = 0;

  constructor(columns: number, rows: number, args: readonly string[] = ['study']) {
    this.terminal = startOnTerminal(['top', ...args], { env, columns, rows });
    this.#emulator = new headless.Terminal({ cols: columns, rows, allowProposedApi: true });
  }

  get isOnSecondScreen(): boolean {
    return this.#emulator.buffer.active.type === 'alternate';
  }

  /** The lines of the screen. */
  async lines(): Promise<string[]> {
    const { written } = this.terminal;
    await new Promise<void>((resolve) => this.#emulator.write(written.slice(this.#taken), resolve));
    this.#taken = written.length;
    const { active } = this.#emulator.buffer;
    return Array.from(
      { length: this.#emulator.rows },
      (_, row) => active.getLine(row)?.translateToString(true) ?? '',
    );
  }

  /** Types keys, and resolves when a line of the screen matches. */
  async after(keys: string, pattern: RegExp): Promise<string> {
    this.terminal.type(keys);
    return this.has(pattern);
  }

  async has(pattern: RegExp): Promise<string> {
    let found: string | undefined;
    const look = async () => {
      found = (await this.lines()).find((line) => pattern.test(line));
      return found !== undefined;
    };
    await eventually(look, String(pattern), 30).catch(async () => {
      throw new Error(`no line matches ${pattern}:\n${(await this.lines()).join('\n')}`);
    });
    return found ?? '';
  }

  resize(columns: number, rows: number): void {
    this.#emulator.resize(columns, rows);
    this.terminal.resize(columns, rows);
  }
}

test('without a terminal, the run as it is now is printed', async () => {
  const { stdout, stderr, status } = await cli(['top'], { env });
  expect([stderr, status]).toEqual(['', 0]);
  expect(stdout).toMatch(
    /^study \(\w+\), running, [\d.]+ s, local, 3 slots\n5 of 20007 jobs done, 2 failed, 3 running, 19999 waiting.*\n/,
  );
  expect(stdout).toMatch(/^ {2}bad +x+ +2\/2 {2}2 failed$/m);
  expect(stdout).toMatch(/^ {2}4 count\.quick\.success >= 100 {2}waiting {2}never fired\n {5}no {2}3 now/m);
  expect(stdout).not.toContain('\u001b');
  const unknown = await cli(['top', 'sutdy'], { env });
  expect(unknown.stderr).toContain("unknown run 'sutdy'; did you mean 'study'?");
  expect(unknown.status).toBe(2);
});

test('shows groups, rules, jobs and outputs, acts on request, and brings the screen back', async () => {
  const shown = new Shown(80, 24);
  await shown.has(/^> quick █+ +3\/3$/);
  expect(shown.isOnSecondScreen).toBe(true);
  await shown.after('2', /^ {2}4 count\.quick\.success >= 100 {2}waiting {2}never fired$/);
  await shown.after('4', /submit many {2}rule 3, start/);

  // 20,000 jobs, of which a window is read.
  await shown.after('3', /^ {2}1 to \d+ of 20007$/);
  await shown.after('\u001b[F', /^ {2}\d+ to 20007 of 20007$/);
  await shown.has(/^> \S+ +many +waiting/);
  await shown.after('f', /^ {2}1 to 2 of 2 \(20007 in all\)$/);
  expect(await shown.has(/^> /)).toMatch(/^> \S+ +bad +failed +3 /);
  await shown.after('\r', /^failed with +exit status 3: no such file$/);
  await shown.after('e', /^no such file$/);
  await shown.after('\u001b\u001b', /failed with|^only: failed$/);
  await shown.after('\u001b', /./);
  await shown.after('3/quick\r', /^ {2}1 to 3 of 3/);
  await shown.after('\u001b[Bo', /^job-1-of-quick$/);
  await shown.after('\u001b', /^only: quick$/);
  await shown.after('/\u0015oops > 3\r', /unknown name 'oops'/);

  await shown.after('p', /, paused,/);
  await shown.after('p', /^study \(\w+\), running,/);

  shown.resize(40, 15);
  await shown.after('1j', /^> bad /);
  const fits = async () => (await shown.lines()).every((line) => line.length < 40);
  await expect.poll(fits, { timeout: 20_000 }).toBe(true);
  await shown.after('j', /^> slow .*2 running/);
  await shown.after('c', /^cancel 2 active jobs of slow\? \(y\/n\)$/);
  await shown.after('n', /^> slow .*2 running/);
  await shown.after('cy', /^canceled 2 jobs of slow$/);
  await shown.after('\r', /^> \S+ +slow +canceled/);
  await shown.after('/\u0015many active\r', /of 20000/);
  await shown.after('c', /^cancel job \S+\? \(y\/n\)$/);
  await shown.after('y', /^canceled 1 job of many$/);
  await shown.after('?', /^q +quit; the run goes on$/);
  await shown.after('x', /^\S.*q quit/);

  shown.terminal.type('q');
  await shown.terminal.output;
  await shown.lines();
  expect(shown.isOnSecondScreen).toBe(false);
  expect((await shown.lines()).join('')).toBe('');
  expect(shown.terminal.written.endsWith('\u001b[?25h\u001b[?1049l')).toBe(true);
});

test('follows a run whose process dies and that is resumed, and survives its own signals', async () => {
  const shown = new Shown(80, 24);
  await shown.has(/^study \(\w+\), running,/);
  running.process.kill('SIGKILL');
  await running.finished;
  await shown.has(/^study \(\w+\), lost its process,/);
  await shown.has(/^> quick █+ +3\/3$/);
  await shown.after('p', /^the run has ended$/);
  running = start(['resume', 'study', '--slots', '3'], { env });
  await shown.has(/^study \(\w+\), running,/);
  // No shell continues it, so Ctrl-Z only draws it again.
  await shown.after('\u001a2', /^> 0 start/);
  shown.terminal.signal(15);
  await shown.terminal.output;
  await shown.lines();
  expect(shown.isOnSecondScreen).toBe(false);
});
