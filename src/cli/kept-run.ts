/** The folder in which `ensemble run` keeps a run. A run goes on without it: every failure is one warning. */

import type { RunEnd } from '../run/end-of-run.js';
import type { Ensemble } from '../run/ensemble.js';
import type { RunResult } from '../run/result.js';
import { RunFolder, type RunManifest } from '../store/run-folder.js';
import { stateFolder } from '../store/state-folder.js';
import { complain } from './output.js';
import type { StateOption } from './state-option.js';

const STATES: Readonly<Record<RunEnd, RunManifest['state']>> = {
  idle: 'done',
  terminated: 'terminated',
  interrupted: 'interrupted',
  stopped: 'stopped',
  failed: 'failed',
};

/** Jobs that were submitted; a job that was submitted again counts once. */
function jobsOf({ metrics }: RunResult): number {
  return [...metrics.groups.values()].reduce((sum, { count }) => sum + count.submitted - count.retried, 0);
}

export class KeptRun {
  readonly #folder: RunFolder;
  readonly #state: string | undefined;
  #begun = false;

  private constructor(folder: RunFolder, state: string | undefined) {
    this.#folder = folder;
    this.#state = state;
  }

  /** Makes the folder; null, after a warning, where that fails. `configuration` is the text of the file. */
  static open(configuration: string, { state }: StateOption): KeptRun | null {
    try {
      return new KeptRun(RunFolder.create(stateFolder(state), configuration), state);
    } catch (error) {
      warn(`this run is not kept: ${reasonOf(error)}; choose another folder with --state, or pass --no-log`);
      return null;
    }
  }

  /** Absolute path of the folder. */
  get path(): string {
    return this.#folder.path;
  }

  get id(): string {
    return this.#folder.id;
  }

  /** The options of another command that finds this run. */
  get arguments(): string {
    return this.#state === undefined ? this.id : `${this.id} --state ${quoted(this.#state)}`;
  }

  /** The run begins. */
  begin(ensemble: Ensemble, name: string): void {
    this.#try(() => {
      const { config, id, memberName } = ensemble;
      this.#folder.begin({
        name,
        file: config.file ?? '',
        ensemble: id,
        member: memberName,
        uri: memberName === 'local' ? null : (process.env.FLUX_URI ?? null),
        rules: config.rules.map(({ title }) => title),
      });
      this.#begun = true;
    });
  }

  /** The run has ended with this exit status. */
  finish(result: RunResult, exit: number): void {
    const counts = { jobs: jobsOf(result), failed: result.failedJobs };
    this.#try(() => this.#folder.finish({ state: STATES[result.end], counts, exit }));
  }

  /** The run could not begin. */
  discard(): void {
    this.#try(() => this.#folder.discard());
  }

  #try(write: () => void): void {
    try {
      write();
    } catch (error) {
      warn(`${reasonOf(error)}; \`ensemble runs\` may show this run as ${this.#begun ? 'lost' : 'damaged'}`);
    }
  }
}

const warn = (text: string) => complain(text, 'warning');
const reasonOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

/** A word for a shell. */
function quoted(text: string): string {
  return /^[\w./:=@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
