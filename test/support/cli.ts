/** Runs the command as a user would: a process of its own, its output read, its exit status looked at. */

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';
import type { Count } from '../../src/model/metric-names.js';
import type { SummaryValues } from '../../src/model/metrics.js';

export const root = fileURLToPath(new URL('../..', import.meta.url));
export const main = join(root, 'dist/cli/main.js');
export const serverProgram = join(root, 'dist/cli/server.js');

export interface Finished {
  readonly stdout: string;
  readonly stderr: string;
  /** Exit status, or null when a signal ended the process. */
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Running {
  readonly process: ChildProcess;
  readonly finished: Promise<Finished>;
  /** Resolves when the text has been printed on standard output, with all that was. */
  printed(text: string): Promise<string>;
}

export interface CliOptions {
  readonly input?: string;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Instead of `ensemble`. */
  readonly program?: string;
}

/** Processes that a failed test has left running are killed at the end of its file. */
const unfinished = new Set<ChildProcess>();
afterAll(() => {
  for (const child of unfinished) child.kill('SIGKILL');
});

/** Starts `ensemble` with these arguments; it is killed when the file's tests are over, if it has not ended before. */
export function start(args: readonly string[], options: CliOptions = {}): Running {
  const child = spawn(process.execPath, [options.program ?? main, ...args], {
    cwd: options.cwd ?? root,
    env: { ...process.env, ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  unfinished.add(child);
  child.on('exit', () => unfinished.delete(child));
  let stdout = '';
  let stderr = '';
  const waiting: { text: string; resolve: () => void }[] = [];
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk;
    for (const { text, resolve } of waiting) if (stdout.includes(text)) resolve();
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk;
  });
  child.stdin.on('error', () => {});
  child.stdin.end(options.input ?? '');
  const finished = new Promise<Finished>((resolve) => {
    child.on('close', (status, signal) => resolve({ stdout, stderr, status, signal }));
  });
  const printed = (text: string) =>
    new Promise<string>((resolve, reject) => {
      if (stdout.includes(text)) return resolve(stdout);
      waiting.push({ text, resolve: () => resolve(stdout) });
      void finished.then(() => reject(new Error(`ended without printing ${text}:\n${stdout}\n${stderr}`)));
    });
  return { process: child, finished, printed };
}

/** Runs `ensemble` with these arguments to its end. */
export function cli(args: readonly string[], options: CliOptions = {}): Promise<Finished> {
  return start(args, options).finished;
}

/** A new folder for a test's files. */
export function newFolder(): string {
  return mkdtempSync(join(tmpdir(), 'ensemble-test-'));
}

/** Writes an ensemble file and returns its path. */
export function ensembleFile(text: string, folder = newFolder()): string {
  const path = join(folder, 'ensemble.yaml');
  writeFileSync(path, text);
  return path;
}

export interface SummaryLine {
  readonly type: 'summary';
  readonly end: string;
  readonly error: { readonly code: string } | null;
  readonly metrics: Readonly<Record<string, number | null>>;
  readonly groups: Readonly<
    Record<
      string,
      {
        count: Record<Count, number>;
        exceptions: Record<string, number>;
        duration: SummaryValues;
        pending: SummaryValues;
      }
    >
  >;
  readonly decodeErrors: number;
  readonly ignoredTells: number;
  readonly events: number;
  readonly firings: number;
}

/** The lines of `--json`, the last of which is the summary. */
export function jsonLines(finished: Finished): { lines: Record<string, unknown>[]; summary: SummaryLine } {
  const lines = finished.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const summary = lines.at(-1);
  if (summary?.type !== 'summary') throw new Error(`no summary:\n${finished.stdout}\n${finished.stderr}`);
  return { lines, summary: summary as unknown as SummaryLine };
}

/** Processes on this machine whose command line holds the text. */
export async function processesWith(text: string): Promise<string[]> {
  const { readdirSync, readFileSync } = await import('node:fs');
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && name !== String(process.pid))
    .map((pid) => {
      try {
        return `${pid} ${readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')}`;
      } catch {
        return '';
      }
    })
    .filter((line) => line.includes(text));
}

/** Waits until the condition holds; fails after a while. */
export async function eventually(
  condition: () => boolean | Promise<boolean>,
  what: string,
  seconds = 60,
): Promise<void> {
  for (let i = 0; i < seconds * 20; i++) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`never came true: ${what}`);
}
