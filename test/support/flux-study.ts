/** A run under Flux in a folder of its own, whose processes a test kills. Its jobs write down that they ran. */

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { Count } from '../../src/model/metric-names.js';
import type { ResumedRun } from '../../src/model/resumed-run.js';
import { openRun } from '../../src/run/open-run.js';
import type { JobRow } from '../../src/store/jobs/row.js';
import { eventually, newFolder, type Running, root, start } from './cli.js';
import type { Instance } from './flux-instance.js';

const program = join(root, 'test/support/drive-run.mjs');

interface Happened {
  readonly resumed?: ResumedRun;
  readonly problem?: { readonly code: string; readonly message: string };
  readonly refused?: { readonly code: string; readonly message: string };
  readonly result?: {
    readonly end: string;
    readonly error: string | null;
    readonly counts: Readonly<Record<string, Record<Count, number>>>;
  };
}

export class Study {
  readonly folder = newFolder();
  readonly #run = join(this.folder, 'run');
  readonly #file = join(this.folder, 'ensemble.yaml');
  readonly #instance: Instance;
  readonly #env: NodeJS.ProcessEnv;
  readonly begun = Date.now() / 1000;

  /** `env` is the environment of its processes, on top of ours. */
  constructor(instance: Instance, text: string, env: NodeJS.ProcessEnv = {}) {
    this.#instance = instance;
    this.#env = env;
    writeFileSync(this.#file, text.replaceAll('FOLDER', this.folder));
  }

  begin(): Running {
    return this.#drive({ file: this.#file, options: { member: 'flux' } });
  }

  /** In the instance of the first process, unless another one is given. */
  resume(instance = this.#instance): Running {
    return this.#drive({ options: { uri: instance.uri } }, instance);
  }

  #drive(more: object, instance = this.#instance): Running {
    const options = { program, cwd: this.folder, env: { ...this.#env, FLUX_URI: instance.uri } };
    return start([JSON.stringify({ folder: this.#run, ...more })], options);
  }

  /** The jobs in the log. */
  async jobs(): Promise<JobRow[]> {
    const all = [];
    for await (const job of (await openRun(this.#run)).jobs()) all.push(job);
    return all;
  }

  /** Seconds that the jobs took, as the log has them. */
  async durations(): Promise<number[]> {
    return (await this.jobs()).map(({ start, finish }) => (finish ?? 0) - (start ?? 0));
  }

  /** Keys of the jobs that ran, sorted. */
  ran(): number[] {
    const path = join(this.folder, 'ran');
    if (!existsSync(path)) return [];
    return readFileSync(path, 'utf8')
      .split('\n')
      .flatMap((line) => (line === '' ? [] : [Number(line)]))
      .sort((a, b) => a - b);
  }
}

export async function kill(running: Running): Promise<void> {
  running.process.kill('SIGKILL');
  await running.finished;
}

export async function endOf(running: Running) {
  const { stdout, stderr } = await running.finished;
  const all = stdout.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Happened]));
  const { resumed } = all.find((item) => item.resumed !== undefined) ?? {};
  const { result } = all.find((item) => item.result !== undefined) ?? {};
  const problems = all.flatMap(({ problem, refused }) => [problem ?? [], refused ?? []].flat());
  return { resumed, result, problems, stderr };
}

/** Lets the jobs end that wait, and resumes the run in an instance. */
export async function goOn(study: Study, instance: Instance) {
  writeFileSync(join(study.folder, 'go'), '');
  const { resumed, result, problems } = await endOf(study.resume(instance));
  expect(problems).toEqual([]);
  return { resumed, result };
}

export const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);

export const manyJobs = (count: number) => `
jobs:
  - {name: a, command: "sh -c 'echo {{index}} >> FOLDER/ran'", count: ${count}, inheritEnvironment: false}
rules:
  - {trigger: start, action: {name: submit, label: a}}
`;

/**
 * Kills a run of `manyJobs` while it submits, and the process that goes on with it. A third process has each job run
 * once.
 */
export async function killTwice(study: Study, jobs: number): Promise<void> {
  const first = study.begin();
  await eventually(async () => study.ran().length > 0, 'a job has run');
  await kill(first);
  const second = study.resume();
  await sleep(Math.random() * 1000);
  await kill(second);
  const { resumed, result, problems } = await endOf(study.resume());
  expect(problems).toEqual([]);
  expect(resumed).toMatchObject({ lost: 0, doubts: [] });
  expect(result).toMatchObject({
    end: 'idle',
    counts: { a: { submitted: jobs, success: jobs, failed: 0, retried: 0 } },
  });
  expect(study.ran()).toEqual(upTo(jobs));
}
