/**
 * Scripts of `children/`, run in processes of their own: a crash must not take the test runner down, and how
 * a process ends is what these tests are about. Node 20 runs no TypeScript, so they are translated first.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { afterAll } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** The floors up to the engine, and the scripts. */
const sources = [
  'src/errors.ts',
  'src/text',
  'src/model',
  'src/language',
  'src/engine',
  'test/addon/children',
];
const compilerOptions: ts.CompilerOptions = {
  module: ts.ModuleKind.ESNext,
  target: ts.ScriptTarget.ES2022,
  verbatimModuleSyntax: true,
  inlineSourceMap: true,
};

function filesOf(path: string): string[] {
  if (path.endsWith('.ts')) return [path];
  return readdirSync(join(root, path), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(path, name));
}

function translate(): string {
  const folder = mkdtempSync(join(tmpdir(), 'flux-ensemble-'));
  for (const file of sources.flatMap(filesOf)) {
    const { outputText } = ts.transpileModule(readFileSync(join(root, file), 'utf8'), { compilerOptions });
    const target = join(folder, file.replace(/\.ts$/, '.js'));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, outputText);
  }
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  // Where loadAddon() looks, seen from src/engine.
  const addon = process.env.ENSEMBLE_TEST_ADDON || join(root, 'build/Release/flux_ensemble.node');
  mkdirSync(join(folder, 'build/Release'), { recursive: true });
  symlinkSync(addon, join(folder, 'build/Release/flux_ensemble.node'));
  for (const name of ['native', 'node_modules']) symlinkSync(join(root, name), join(folder, name));
  return folder;
}

let translated: string | null = null;
afterAll(() => {
  if (translated !== null) rmSync(translated, { recursive: true, force: true });
  translated = null;
});

export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Output of the script, a JSON value a line. */
  readonly said: readonly unknown[];
  readonly seconds: number;
}

const gather = (stream: ChildProcess['stdout'], to: string[]) => {
  stream?.setEncoding('utf8').on('data', (text: string) => to.push(text));
};

/** Runs one script of `children/` to its end; one that does not end is killed, and `signal` is SIGKILL. */
export async function runChild(script: string, args: readonly string[] = [], limit = 40): Promise<Ending> {
  translated ??= translate();
  const file = join(translated, 'test/addon/children', `${script}.js`);
  const began = performance.now();
  const child = spawn(process.execPath, ['--expose-gc', file, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: limit * 1000,
    killSignal: 'SIGKILL',
  });
  const [stdout, stderr]: [string[], string[]] = [[], []];
  gather(child.stdout, stdout);
  gather(child.stderr, stderr);
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (...ending) => resolve(ending));
  });
  const said = stdout
    .join('')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
  return {
    code,
    signal,
    stdout: stdout.join(''),
    stderr: stderr.join(''),
    said,
    seconds: (performance.now() - began) / 1000,
  };
}

/** The ending of a process that did all it had to do and left by itself. */
export const good = { code: 0, signal: null, stderr: '' } as const;
