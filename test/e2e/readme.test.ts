/** The commands and files of README.md and of the pages of docs/, run as they are printed, in a copy of a clone. */

import { spawn } from 'node:child_process';
import { chmodSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Finished, newFolder, root } from '../support/cli.js';
import { diagnose } from '../support/config.js';
import { withoutSql } from '../support/duckdb.js';

/** rules.md and plugins.md have tests of their own. */
const paths = readdirSync(join(root, 'docs')).filter(
  (name) => name.endsWith('.md') && !/^(rules|plugins)/.test(name),
);
const page = ['README.md', ...paths.map((name) => `docs/${name}`)]
  .map((path) => readFileSync(join(root, path), 'utf8'))
  .join('\n');

const blocks = (language: string): string[] =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'gms'))].map(([, text = '']) => text);

/** Lines that begin with a prompt, without what follows a `#`. */
const commandsOf = (block: string) =>
  [...block.matchAll(/^\$ (.*?)(?: +#.*)?$/gm)].map(([, command = '']) => command);

/**
 * Commands that a test can't run: builds, the tests themselves, and commands that need Flux, a cluster or a
 * certificate, or a package that is not installed.
 */
const elsewhere = [
  /^npm ci( &&.*)?$/,
  // The registry has the last version.
  /^npm install flux-ensemble$|^npx ensemble doctor$/,
  /^flux /,
  /^ensemble record /,
  /--kubernetes/,
  /--executor (?:minicluster|slurm|flux)/,
  /^curl --unix-socket /,
  // A busy machine exceeds the time of its checks; test/e2e/doctor.test.ts has it.
  /^ensemble doctor$/,
  // Its output is one of a job, and lacks a value.
  /^ensemble measure /,
  ...(withoutSql === null ? [] : [/^ensemble sql /]),
];

const sessions = blocks('console').map(commandsOf);
const service = sessions.find((commands) => commands[0] === 'ensemble-server start');
const simple = sessions.filter((commands) => commands !== service).flat();

/** A clone, with the commands that its `alias` makes on PATH. */
function clone(): { folder: string; env: NodeJS.ProcessEnv } {
  const folder = newFolder();
  for (const name of readdirSync(root)) {
    if (!name.startsWith('hello-')) symlinkSync(join(root, name), join(folder, name));
  }
  const programs = newFolder();
  const runtime = newFolder();
  chmodSync(runtime, 0o700);
  for (const [, name, path] of page.matchAll(/([a-z-]+)="node \$PWD\/(\S+)"/g)) {
    writeFileSync(join(programs, name ?? ''), `#!/bin/sh\nexec node "${folder}/${path}" "$@"\n`, {
      mode: 0o755,
    });
  }
  const path = `${programs}${delimiter}${process.env.PATH}`;
  return { folder, env: { ...process.env, PATH: path, XDG_RUNTIME_DIR: runtime, FLUX_URI: undefined } };
}

function shell(script: string, { folder, env }: ReturnType<typeof clone>): Promise<Finished> {
  const child = spawn('bash', ['-c', script], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const printed = ['', ''];
  for (const [i, stream] of [child.stdout, child.stderr].entries()) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      printed[i] += text;
    });
  }
  return new Promise((resolve) => {
    child.on('close', (status, signal) =>
      resolve({ stdout: printed[0] ?? '', stderr: printed[1] ?? '', status, signal }),
    );
  });
}

/** Has a group that the page's commands name, and lasts until there is a file `done`. */
const STUDY = `
jobs:
  - {name: lammps, command: 'true', count: 3}
  - {name: melt, command: 'true', parameters: {temperature: 300, nodes: 1}}
  - {name: late, command: "sh -c 'until [ -e done ]; do sleep 0.1; done'"}
rules:
  - {trigger: start, action: {name: submit, label: lammps}}
  - {trigger: start, action: {name: submit, label: melt}}
  - {trigger: start, action: {name: submit, label: late}}
`;

describe.concurrent('README.md and docs/', () => {
  test('its commands work in a clone', async () => {
    expect(simple.length).toBeGreaterThan(6);
    const one = clone();
    writeFileSync(join(one.folder, 'study.yaml'), STUDY);
    writeFileSync(join(one.folder, 'done'), '');
    const synth = await shell('ensemble synth --jobs 50 --output queue.ndjson.gz', one);
    expect(synth).toMatchObject({ status: 0 });
    for (const command of simple) {
      if (elsewhere.some((form) => form.test(command))) continue;
      const { status, stderr } = await shell(command, one);
      expect({ command, status, stderr }).toEqual({ command, status: 0, stderr: '' });
    }
    expect(readdirSync(one.folder)).toContain('study.ndjson');
  });

  test('its first commands print the output of the page', async () => {
    const [first = ''] = blocks('console');
    const one = clone();
    const { stdout } = await shell(commandsOf(first).slice(1).join(' && '), one);
    // Numbers differ with the machine; words do not.
    const words = (text: string) => text.replaceAll(/[\d.]+/g, '0').replaceAll(/ +/g, ' ');
    const shown = first.split('\n').filter((line) => line !== '' && !line.startsWith('$'));
    for (const line of shown.slice(0, 7)) expect(words(stdout)).toContain(words(line));
    expect(stdout.match(/^hello world$/gm)).toHaveLength(5);
    expect(shown.filter((line) => line === 'hello world')).toHaveLength(5);
  });

  test('npm run hello does the same', async () => {
    const { status, stdout } = await shell('npm run hello', clone());
    expect(status).toBe(0);
    expect(stdout).toMatch(/^hello world$/m);
  });

  test('its commands for a service work', async () => {
    const [start = '', run = '', ...others] = service ?? [];
    const one = clone();
    writeFileSync(join(one.folder, 'study.yaml'), STUDY);
    const script = `
      ${start} > server.log 2>&1 & server=$!
      trap 'kill $server' EXIT
      for i in $(seq 100); do ensemble ls > /dev/null 2>&1 && break; sleep 0.2; done
      ${run} > run.log 2>&1 &
      for i in $(seq 100); do ensemble ls | grep -q study && break; sleep 0.2; done
      set -e
      ${others.filter((command) => !command.startsWith('ensemble watch')).join('\n')}
      touch done
      ${others.find((command) => command.startsWith('ensemble watch'))}
    `;
    expect(others.length).toBeGreaterThan(3);
    const { status, stderr, stdout } = await shell(script, one);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^name +id +status +member/m);
    expect(readFileSync(join(one.folder, 'run.log'), 'utf8')).toContain('submit lammps');
  });

  test('its files are valid', () => {
    const whole = blocks('yaml').filter((text) => /^jobs:/m.test(text) && /^rules:/m.test(text));
    expect(whole.length).toBeGreaterThan(1);
    for (const text of whole) expect(diagnose(text)).toEqual([]);
  });

  test('its programs import existing names', async () => {
    for (const block of blocks('js')) {
      for (const [, names = '', from = ''] of block.matchAll(/^import \{ (.*?) \} from '(.*?)'/gm)) {
        // A relative path is a file of the reader's own.
        if (from.startsWith('.')) continue;
        const own = /^flux-ensemble(.*)$/.exec(from);
        const module: object = await import(
          own === null ? from : join(root, 'dist', own[1] ?? '', 'index.js')
        );
        for (const name of names.split(', ')) expect(module).toHaveProperty(name);
      }
    }
  });
});
