/** A Flux instance of a test's own, and the command run in it. */

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { accessSync, chmodSync, constants, mkdtempSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe } from 'vitest';
import { formatJobId } from '../../src/model/job-id.js';
import type { Count } from '../../src/model/metric-names.js';
import { type CliOptions, type Finished, jsonLines, type Running, start } from './cli.js';

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Returns why tests on Flux can't run here, or null. */
function whatIsMissing(): string | null {
  const folders = (process.env.PATH ?? '').split(delimiter);
  if (!folders.some((folder) => isExecutable(join(folder, 'flux')))) return 'flux is not on PATH';
  return null;
}

export const missing = whatIsMissing();

/** Tests that need Flux; without it each is reported as skipped, with the reason. */
export function describeFlux(name: string, tests: () => void): void {
  describe.skipIf(missing !== null)(missing === null ? name : `${name} (skipped: ${missing})`, tests);
}

export interface Instance {
  readonly uri: string;
  /** Runs a command of Flux and returns what it printed; throws if it fails. */
  flux(...args: readonly string[]): Promise<string>;
  /** Starts `ensemble` in the instance. */
  start(args: readonly string[], options?: CliOptions): Running;
  /** Results and the like of every job that Flux knows, one a line, in the order and with the fields of `flux jobs`. */
  jobs(format: string): Promise<string[]>;
  /** How many jobs Flux knows for each line of `jobs`. */
  tally(format: string): Promise<Record<string, number>>;
}

export interface InstanceOptions {
  /** Brokers; 1 by default. */
  readonly size?: number;
  /** Cores that the instance believes to have, for jobs that are not really run. */
  readonly cores?: number;
  /** Nodes that it believes to have, with as many cores each, for the same. */
  readonly nodes?: number;
  /** Lets other users connect, as a system instance does. */
  readonly guests?: boolean;
  /** Variables of the broker, on top of ours; undefined for none of the name. */
  readonly env?: NodeJS.ProcessEnv;
  /** The folder that the instance keeps, for another instance that goes on. */
  readonly statedir?: string;
  /** No other test gets the instance: the test breaks it, or waits for its end. */
  readonly own?: boolean;
  /** Time after which a job that is canceled gets SIGKILL: `0.2s`. */
  readonly killTimeout?: string;
  /** The epilog of each job, which runs between its end and its cleanup. */
  readonly epilog?: readonly string[];
}

function configPath({ cores, nodes, guests, epilog, killTimeout }: InstanceOptions): string {
  const path = join(mkdtempSync(join(tmpdir(), 'ensemble-flux-')), 'flux.toml');
  const hosts = nodes === undefined ? hostname() : `fake[0-${nodes - 1}]`;
  const resources =
    cores === undefined
      ? ''
      : `[resource]\nnoverify = true\n[[resource.config]]\nhosts = "${hosts}"\ncores = "0-${cores - 1}"\n`;
  const after = epilog === undefined ? '' : `[job-manager.epilog]\ncommand = ${JSON.stringify(epilog)}\n`;
  const exec = killTimeout === undefined ? '' : `[exec]\nkill-timeout = "${killTimeout}"\n`;
  writeFileSync(path, `${resources}[access]\nallow-guest-user = ${guests === true}\n${after}${exec}`);
  return path;
}

function execute(file: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(file, [...args], { env, maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${file} ${args.join(' ')}: ${error.message}\n${stdout}${stderr}`));
    });
  });
}

/** The broker's URI, once it accepts jobs. */
function uriOf(broker: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let printed = '';
    let errors = '';
    broker.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      errors += chunk;
    });
    broker.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      printed += chunk;
      const end = printed.indexOf('\n');
      if (end >= 0) resolve(printed.slice(0, end));
    });
    broker.on('close', () => reject(new Error(`flux start failed:\n${errors}`)));
  });
}

/** Bits of a job's state and of its result, as in RFC 21 and in flux-core's job.h. */
const STATES: Readonly<Record<number, string>> = {
  2: 'DEPEND',
  4: 'PRIORITY',
  8: 'SCHED',
  16: 'RUN',
  32: 'CLEANUP',
  64: 'INACTIVE',
};
const RESULTS: Readonly<Record<number, string>> = {
  1: 'COMPLETED',
  2: 'FAILED',
  4: 'CANCELED',
  8: 'TIMEOUT',
};

/**
 * Returns a job of `flux job list` in a format of `flux jobs`, which is in Python and takes six times as long. Most tests
 * ask for the jobs again and again.
 */
function describeJob(line: string, format: string): string {
  // An id has 64 bits.
  const job = JSON.parse(line.replace(/"id": *(\d+)/, '"id": "$1"')) as Record<string, unknown>;
  const state = STATES[Number(job.state)];
  const result = RESULTS[Number(job.result)] ?? '';
  const id = formatJobId(BigInt(String(job.id)));
  const fields: Record<string, unknown> = {
    ...job,
    id,
    'id.f58': id,
    state,
    result,
    status: state === 'INACTIVE' ? result : state,
  };
  return format.replace(/\{([\w.]+)\}/g, (_, name: string) => {
    if (fields[name] === undefined) throw new Error(`a job has no '${name}': ${line}`);
    return String(fields[name]);
  });
}

/** Reloads the job manager with its dependents, because a scheduler does not reconnect by itself. */
export async function reloadJobManager(instance: Instance): Promise<void> {
  await instance.flux('module', 'reload', 'job-manager');
  await instance.flux('module', 'reload', '-f', 'sched-simple');
  await instance.flux('module', 'reload', '-f', 'job-exec');
  await instance.flux('module', 'load', 'job-list');
}

interface RunningInstance {
  readonly instance: Instance;
  /** Ends the instance. Idempotent. */
  stop(): Promise<void>;
}

async function startInstance(options: InstanceOptions): Promise<RunningInstance> {
  const { FLUX_URI: _, ...environment } = { ...process.env, ...options.env };
  const state = options.statedir === undefined ? [] : [`--setattr=statedir=${options.statedir}`];
  const config = `--config-path=${configPath(options)}`;
  // Ends when its standard input does, so it does not outlive a test that is killed.
  const broker = spawn(
    'flux',
    ['start', `--test-size=${options.size ?? 1}`, ...state, config, 'sh', '-c', 'echo "$FLUX_URI"; exec cat'],
    { env: environment, stdio: ['pipe', 'pipe', 'pipe'] },
  );
  const closed = new Promise<void>((resolve) => broker.on('close', () => resolve()));
  broker.stdin.on('error', () => {});
  const stop = () => {
    broker.stdin.end();
    return closed;
  };
  try {
    const uri = await uriOf(broker);
    if (options.guests) chmodSync(dirname(uri.replace('local://', '')), 0o755);
    const env = { ...environment, FLUX_URI: uri };
    const flux = (...args: readonly string[]) => execute('flux', args, env);
    const jobs = async (format: string) =>
      (await flux('job', 'list', '-a', '-c', '0'))
        .split('\n')
        .flatMap((line) => (line === '' ? [] : [describeJob(line, format)]));
    if (options.epilog !== undefined) await flux('jobtap', 'load', 'perilog.so');
    if (options.nodes !== undefined) {
      // By default nodes without brokers are down.
      await flux('module', 'remove', 'sched-simple');
      await flux('module', 'reload', '-f', 'resource', 'noverify', 'monitor-force-up');
      await flux('module', 'load', 'sched-simple');
    }
    const tally = async (format: string) => {
      const result: Record<string, number> = {};
      for (const line of await jobs(format)) result[line] = (result[line] ?? 0) + 1;
      return result;
    };
    const startIn: Instance['start'] = (args, options) =>
      start(args, { ...options, env: { FLUX_URI: uri, ...options?.env } });
    return { instance: { uri, flux, jobs, start: startIn, tally }, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Instances of this file that wait for another test with the same options. */
const idle = new Map<string, RunningInstance[]>();
afterAll(async () => {
  await Promise.all([...idle.values()].flat().map(({ stop }) => stop()));
});

/** Ends and forgets all jobs. Fails in an instance that a test has broken. */
const CLEAR = `active() { [ -n "$(flux job list -c 0)" ]; }
active && flux cancel --all --quiet
for i in $(seq 200); do active || exec flux job purge -f --num-limit=0; sleep 0.05; done
exit 1`;

/** Whether an instance is as at its beginning again. */
function isCleared({ instance }: RunningInstance): Promise<boolean> {
  const env = { ...process.env, FLUX_URI: instance.uri };
  return execute('timeout', ['20', 'sh', '-c', CLEAR], env).then(
    () => true,
    () => false,
  );
}

/**
 * Runs the test in an instance without jobs. Tests of a file with the same options share instances, one after the other,
 * because a start takes longer than most tests. An instance whose test has failed, or has broken it, is not used again.
 */
export async function withInstance(
  test: (instance: Instance) => Promise<void>,
  options: InstanceOptions = {},
): Promise<void> {
  const { size = 1, cores = null, env = {}, ...others } = options;
  const key = JSON.stringify([size, cores, Object.entries(env).sort()]);
  const waiting = idle.get(key) ?? [];
  const mayShare = Object.keys(others).length === 0;
  const running = (mayShare ? waiting.pop() : undefined) ?? (await startInstance(options));
  let isUsable = false;
  try {
    await test(running.instance);
    isUsable = mayShare && (await isCleared(running));
  } finally {
    if (isUsable) idle.set(key, [...waiting, running]);
    else await running.stop();
  }
}

/** An instance that all tests of a file use, from their beginning to their end. */
export function instanceForAll(options: InstanceOptions): () => Instance {
  let instance: Instance | null = null;
  let release = () => {};
  let ended = Promise.resolve();
  beforeAll(async () => {
    if (missing !== null) return;
    await new Promise<void>((resolve, reject) => {
      const use = (its: Instance) =>
        new Promise<void>((done) => {
          instance = its;
          release = done;
          resolve();
        });
      ended = withInstance(use, options);
      ended.catch(reject);
    });
  });
  afterAll(async () => {
    release();
    await ended;
  });
  return () => {
    if (instance === null) throw new Error('the instance is used before the first test');
    return instance;
  };
}

export interface Firing {
  readonly rule: number;
  readonly action: string;
  readonly label: string | null;
}

export interface Report {
  readonly finished: Finished;
  readonly summary: ReturnType<typeof jsonLines>['summary'] & {
    readonly error: { readonly message: string } | null;
    readonly records: number;
  };
  readonly firings: readonly Firing[];
  /** Messages of what actions failed with. */
  readonly problems: readonly string[];
  readonly counts: Readonly<Record<string, Record<Count, number>>>;
}

/** Returns the report of `--json`. */
export function reportOf(finished: Finished): Report {
  const { lines, summary } = jsonLines(finished);
  return {
    finished,
    summary: summary as Report['summary'],
    firings: lines.filter(({ type }) => type === 'firing') as unknown as Firing[],
    problems: lines.filter(({ type }) => type === 'problem').map(({ message }) => String(message)),
    counts: Object.fromEntries(Object.entries(summary.groups).map(([name, { count }]) => [name, count])),
  };
}

/** Runs an ensemble file in the instance to its end. */
export async function run(
  instance: Instance,
  path: string,
  more: readonly string[] = [],
  options?: CliOptions,
): Promise<Report> {
  return reportOf(await instance.start(['run', '--json', ...more, path], options).finished);
}

/** A jobspec attribute that makes Flux pretend to run the job. */
export const mock = (seconds: number) => `{system: {exec: {test: {run_duration: ${seconds}s}}}}`;

/** The counts of a group of which every job succeeded. */
export const allGood = (jobs: number) => ({
  submitted: jobs,
  finished: jobs,
  success: jobs,
  failed: 0,
  canceled: 0,
  timeout: 0,
  exception: 0,
  retried: 0,
  queued: 0,
  pending: 0,
  running: 0,
});
