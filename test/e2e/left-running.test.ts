/** Processes that code of the user leaves running neither keep the run from ending nor outlive it. */

import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import {
  cli,
  ensembleFile,
  eventually,
  jsonLines,
  newFolder,
  processesWith,
  root,
  start,
} from '../support/cli.js';

let sleeps = 0;
/** A command that can be found among all processes. */
const uniqueSleep = () => `sleep 4000.${++sleeps}${process.pid}`;

const gone = async (text: string) =>
  eventually(async () => (await processesWith(text)).length === 0, `${text} is gone`);

/** Calls `f` at the start; `stay` is a job that keeps the run going. */
const calling = (custom: string, { stay = '', timeout = 60 } = {}) => `
jobs:
  - {name: a, command: 'true'}
  - {name: stay, command: ${stay === '' ? "'true'" : stay}}
rules:
  - {trigger: start, action: {name: custom, label: f, timeout: ${timeout}}}
${stay === '' ? '' : '  - {trigger: start, action: {name: submit, label: stay}}'}
custom: |
${custom.trim().replace(/^/gm, '  ')}
`;

/** Each starts this command twice: as a child that keeps the standard streams, and in a session of its own. */
const python = (sleep: string, then: string) => `
import subprocess, os, time
def f(**kwargs):
    command = "${sleep}".split()
    subprocess.Popen(command)
    subprocess.Popen(command, start_new_session=True)
    ${then}
    return Action({"name": "submit", "label": "a"})
`;
const javascript = (sleep: string, then: string) => `
import { spawn } from 'node:child_process';
async function f() {
  const [program, ...words] = '${sleep}'.split(' ');
  for (const detached of [false, true]) spawn(program, words, { detached, stdio: 'inherit' });
  ${then}
  return { name: 'submit', label: 'a' };
}
`;

describe.concurrent('descendants of functions', () => {
  test.each([
    ['Python', python],
    ['JavaScript', javascript],
  ])('in %s: the result counts, the run ends, and its descendants end with it', async (_language, source) => {
    const sleep = uniqueSleep();
    const { summary, lines } = jsonLines(
      await cli(['run', '--json', ensembleFile(calling(source(sleep, '')))]),
    );
    expect(lines.filter(({ type }) => type === 'problem')).toEqual([]);
    expect(summary).toMatchObject({ end: 'idle', groups: { a: { count: { success: 1 } } } });
    expect(await processesWith(sleep)).toEqual([]);
  });

  test.each([
    ['Python', 'SIGKILL', python, 'time.sleep(1000)'],
    ['Python', 'SIGTERM', python, 'time.sleep(1000)'],
    ['JavaScript', 'SIGKILL', javascript, 'await new Promise(() => {});'],
    ['JavaScript', 'SIGTERM', javascript, 'for (;;);'],
  ] as const)(
    'in %s: %s of the run ends them while the function runs',
    async (_language, signal, source, then) => {
      const sleep = uniqueSleep();
      const running = start(['run', ensembleFile(calling(source(sleep, then)))]);
      await eventually(async () => (await processesWith(sleep)).length === 2, 'both run');
      running.process.kill(signal);
      const { status, signal: by } = await running.finished;
      expect(by ?? status).toBe(signal === 'SIGKILL' ? 'SIGKILL' : 130);
      await gone(sleep);
    },
  );

  test('descendants of a function that timed out end with its process', async () => {
    const sleep = uniqueSleep();
    const path = ensembleFile(calling(python(sleep, 'time.sleep(1000)'), { timeout: 2, stay: 'sleep 1000' }));
    const running = start(['run', '--json', path]);
    await running.printed('ERR_CUSTOM_TIMEOUT');
    await gone(sleep);
    running.process.kill('SIGTERM');
    expect((await running.finished).status).toBe(130);
  });

  test('a process that has started others leaves no zombies during the run', async () => {
    const path = ensembleFile(
      calling(javascript('sleep 0.01', 'for (;;);'), { timeout: 1, stay: 'sleep 1000' }),
    );
    const running = start(['run', '--json', path]);
    await running.printed('ERR_CUSTOM_TIMEOUT');
    const zombies = () => {
      const stats = readdirSync('/proc').flatMap((pid) => {
        try {
          return /^\d+$/.test(pid) ? [readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '')] : [];
        } catch {
          return [];
        }
      });
      return stats.filter((stat) => stat.startsWith(`Z ${running.process.pid} `));
    };
    await eventually(() => zombies().length === 0, 'no child is a zombie');
    running.process.kill('SIGTERM');
    await running.finished;
  });

  test('a forked copy of a function that returns too sends no result', async () => {
    const { summary, lines } = jsonLines(
      await cli([
        'run',
        '--json',
        ensembleFile(
          calling(`
import os
def f(**kwargs):
    if os.fork() > 0:
        os.wait()
    return Action({"name": "submit", "label": "a"})
`),
        ),
      ]),
    );
    expect(lines.filter(({ type }) => type === 'problem')).toEqual([]);
    expect(summary.groups.a?.count.submitted).toBe(1);
  });
});

describe.concurrent('a function in JavaScript that is stuck', () => {
  test.each([
    ['in a read', `import { readFileSync } from 'node:fs'; const f = () => readFileSync('fifo');`],
    [
      'in a program that it waits for',
      `import { execSync } from 'node:child_process'; const f = () => execSync('cat fifo');`,
    ],
  ])('%s is killed after its timeout, and at the end of the run', async (_where, source) => {
    const folder = newFolder();
    const { execFileSync } = await import('node:child_process');
    execFileSync('mkfifo', [join(folder, 'fifo')]);
    const { lines, summary } = jsonLines(
      await cli(['run', '--json', ensembleFile(calling(source, { timeout: 1 }), folder)], { cwd: folder }),
    );
    expect(lines.filter(({ type }) => type === 'problem')).toMatchObject([{ code: 'ERR_CUSTOM_TIMEOUT' }]);
    expect(summary.end).toBe('idle');
    const running = start(['run', ensembleFile(calling(source), folder)], { cwd: folder });
    await running.printed('custom f');
    running.process.kill('SIGTERM');
    expect((await running.finished).status).toBe(130);
  });
});

describe.concurrent('open resources of a function in JavaScript', () => {
  test('sockets, timers and workers do not keep a run from ending', async () => {
    const { lines, summary } = jsonLines(
      await cli([
        'run',
        '--json',
        ensembleFile(
          calling(`
import { createServer } from 'node:net';
import { Worker } from 'node:worker_threads';
function f() {
  setInterval(() => {}, 1000);
  createServer().listen(0, '127.0.0.1');
  new Worker('setInterval(() => {}, 1000)', { eval: true });
  process.stdin.resume();
  return { name: 'submit', label: 'a' };
}
`),
        ),
      ]),
    );
    expect(lines.filter(({ type }) => type === 'problem')).toEqual([]);
    expect(summary.groups.a?.count.success).toBe(1);
  });
});

describe.concurrent('functions that are still loading', () => {
  test.each([
    ['Python', 'import time\nprint("loading", flush=True)\ntime.sleep(1000)\ndef f(**kwargs): pass'],
    ['JavaScript', 'console.log("loading");\nfor (;;);\nfunction f() {}'],
    [
      'JavaScript that waits',
      'console.log("loading");\nawait new Promise(() => setInterval(() => {}, 1e6));\nfunction f() {}',
    ],
  ])('in %s, the run ends at SIGTERM', async (_language, source) => {
    const running = start(['run', ensembleFile(calling(source))]);
    await running.printed('loading');
    running.process.kill('SIGTERM');
    expect((await running.finished).status).toBe(130);
  });
});

describe.concurrent('descendants of plugins', () => {
  const plugin = (top: string, body: string) => `
import { spawn } from 'node:child_process';
import { definePlugin, z } from '${pathToFileURL(join(root, 'dist/index.js')).href}';
${top}
const start = (command) => spawn(command[0], command.slice(1), { detached: true, stdio: 'inherit' });
export const plugin = definePlugin({ name: 'study', actions: {
  act: { options: z.strictObject({}), run() { ${body} } },
} });
`;
  const using = (source: string) => {
    const folder = newFolder();
    writeFileSync(join(folder, 'study.mjs'), source);
    return ensembleFile(
      "plugins: [./study.mjs]\njobs: [{name: a, command: 'true'}]\nrules: [{trigger: start, action: {name: study.act}}]\n",
      folder,
    );
  };

  test('processes that actions and modules start end with the run', async () => {
    const [module, action] = [uniqueSleep(), uniqueSleep()];
    const path = using(
      plugin(
        `spawn('sleep', ['${module.split(' ')[1]}'], { detached: true });`,
        `start('${action}'.split(' ')); return { name: 'submit', label: 'a' };`,
      ),
    );
    const { summary, lines } = jsonLines(await cli(['run', '--json', path]));
    expect(lines.filter(({ type }) => type === 'problem')).toEqual([]);
    expect(summary.groups.a?.count.success).toBe(1);
    await gone(module);
    await gone(action);
    expect((await cli(['validate', path])).status).toBe(0);
    await gone(module);
  });

  test('a plugin that never finishes loading does not keep the run from ending', async () => {
    const folder = newFolder();
    const { execFileSync } = await import('node:child_process');
    execFileSync('mkfifo', [join(folder, 'fifo')]);
    const path = using(plugin(`import { readFileSync } from 'node:fs'; readFileSync('${folder}/fifo');`, ''));
    const { status, stdout } = await cli(['validate', path]);
    expect([status, stdout]).toEqual([2, expect.stringContaining('did not answer within 30 s')]);
  });
});

describe.concurrent('daemons of exec actions', () => {
  const executable = (script: string) => {
    const path = join(newFolder(), 'program.sh');
    writeFileSync(path, `#!/bin/sh\n${script}\n`);
    chmodSync(path, 0o755);
    return path;
  };
  const file = (program: string, more = '') =>
    ensembleFile(`
jobs: [{name: a, command: 'true'}, {name: wait, command: "sh -c 'while ! test -e \\"$0\\"; do sleep 0.05; done' ${program}.go"}]
rules:
  - {trigger: start, action: {name: exec, command: ${program}, timeout: 10, onError: stop}}
${more}`);

  test('the answer counts when the program has ended, and the daemon lives until the end of the run', async () => {
    const sleep = uniqueSleep();
    // The daemon has all streams of the program, and a session of its own when the program ends.
    const program = executable(
      `setsid sh -c 'echo $$ > "$0.pid.new"; mv "$0.pid.new" "$0.pid"; exec ${sleep}' "$0" &
while ! test -e "$0.pid"; do sleep 0.02; done
echo '{"name": "submit", "label": "a"}'`,
    );
    const running = start([
      'run',
      '--json',
      file(program, '  - {trigger: start, action: {name: submit, label: wait}}\n'),
    ]);
    await running.printed('"action":"submit","rule":0');
    const pid = readFileSync(`${program}.pid`, 'utf8').trim();
    expect(existsSync(`/proc/${pid}`)).toBe(true);
    writeFileSync(`${program}.go`, '');
    const { summary } = jsonLines(await running.finished);
    expect(summary).toMatchObject({ end: 'idle', groups: { a: { count: { success: 1 } } } });
    expect(await processesWith(sleep)).toEqual([]);
  });

  test('output of a daemon does not change or delay the answer', async () => {
    const program = executable(
      `setsid sh -c 'echo up > "$0.up"; while :; do echo garbage; echo garbage >&2; sleep 0.01; done' "$0" &
while ! test -e "$0.up"; do sleep 0.02; done
exit 0`,
    );
    const finished = await cli(['run', file(program)]);
    // Part of the garbage may come before the end of the program, and is an answer then.
    expect(finished.stderr).toMatch(/^$|its output is not JSON/);
    await gone(program);
  });

  test('SIGKILL of the run ends the daemon', async () => {
    const sleep = uniqueSleep();
    const program = executable(`setsid ${sleep} & sleep 0.3`);
    const running = start([
      'run',
      file(program, '  - {trigger: start, action: {name: submit, label: wait}}\n'),
    ]);
    await eventually(async () => (await processesWith(sleep)).length === 1, 'it runs');
    running.process.kill('SIGKILL');
    await running.finished;
    await gone(sleep);
  });
});
