/** Runs of the command on a Slurm cluster that the tests of a file share. */

import { join } from 'node:path';
import { afterAll, beforeAll, describe } from 'vitest';
import { ensembleFile, newFolder, type Running, start } from './cli.js';
import { type Report, reportOf } from './flux-instance.js';
import { Cluster, type ClusterOptions, missing } from './slurm-cluster.js';

/** The parts of a summary that these tests read. */
export interface SlurmSummary {
  readonly failures: Readonly<Record<string, { readonly reasons: readonly Reason[] }>>;
  readonly requests: Readonly<Record<string, number>>;
  readonly seconds: number;
}

interface Reason {
  readonly reason: string;
  readonly jobs: readonly { readonly line: string | null }[];
}

/** A folder for a run, and one for its state. */
export interface Place {
  readonly folder: string;
  readonly state: string;
}

export function newPlace(): Place {
  const folder = newFolder();
  return { folder, state: join(folder, 'state') };
}

export class SlurmRuns {
  #cluster: Cluster | null = null;

  get cluster(): Cluster {
    if (this.#cluster === null) throw new Error('there is a cluster only in tests');
    return this.#cluster;
  }

  async open(options: ClusterOptions): Promise<void> {
    this.#cluster = await Cluster.start(options);
  }

  async close(): Promise<void> {
    await this.#cluster?.stop();
  }

  /** Starts a run of a file. */
  begin(file: string, place: Place = newPlace(), env: NodeJS.ProcessEnv = {}): Running {
    return this.#start(['run', file, '--executor', 'slurm', '--slurm-interval', '1s'], place, env);
  }

  /** Goes on with the run of a place. */
  resume(place: Place): Running {
    return this.#start(['resume'], place);
  }

  #start(args: readonly string[], { folder, state }: Place, env: NodeJS.ProcessEnv = {}): Running {
    const options = { cwd: folder, env: { ...this.cluster.env, ...env } };
    return start([...args, '--json', '--state', state], options);
  }

  /** Runs a file to its end. */
  async run(...args: Parameters<SlurmRuns['begin']>): Promise<Report> {
    return reportOf(await this.begin(...args).finished);
  }

  /** Runs an ensemble whose file is given as text, in which FOLDER is its folder. */
  runText(text: string, env: NodeJS.ProcessEnv = {}): Promise<Report> {
    const place = newPlace();
    return this.run(this.file(text, place), place, env);
  }

  /** Writes an ensemble file. */
  file(text: string, { folder }: Place): string {
    return ensembleFile(text.replaceAll('FOLDER', folder), folder);
  }

  /** Names of the tasks of a group that are in one of some states: `R,PD`. */
  async tasks(group: string, states: string): Promise<string[]> {
    const args = ['-h', '-r', `--name=${group}`, `--states=${states}`, '-o', '%i'];
    return (await this.cluster.run('squeue', ...args)).split('\n').filter((line) => line !== '');
  }
}

/** Tests that need Slurm, on a cluster of their own; without it each is reported as skipped, with the reason. */
export function describeSlurm(
  name: string,
  options: ClusterOptions & {
    readonly concurrent?: boolean;
    /** A reason to skip the tests beside a missing Slurm; null for none. */
    readonly needs?: string | null;
  },
  tests: (runs: SlurmRuns) => void,
): void {
  const runs = new SlurmRuns();
  const { concurrent = false, needs = null } = options;
  const reason = missing ?? needs;
  const title = reason === null ? name : `${name} (skipped: ${reason})`;
  describe.skipIf(reason !== null)(title, { concurrent }, () => {
    beforeAll(() => runs.open(options));
    afterAll(() => runs.close());
    tests(runs);
  });
}
