/** The folder of one run of a study: the study with its programs, and the state folder. */

import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { readJobs } from '../../src/run/open-run.js';
import { jsonLines, plainColumns } from '../../src/store/jobs/export.js';
import { selectJobs } from '../../src/store/jobs/query.js';
import { logFolder } from '../../src/store/run-folder.js';
import { readRun } from '../../src/store/runs.js';
import { mountDisk, unmountDisk } from './damage.js';
import type { Row } from './outcome.js';
import type { Study } from './study.js';

export class Place {
  readonly folder: string;
  readonly state: string;

  #hasDisk = false;

  /** With `disk`, the state folder is a disk with room for that many bytes. */
  constructor(study: Study, disk: number | null = null) {
    this.folder = mkdtempSync(join(tmpdir(), 'ensemble-chaos-'));
    this.state = join(this.folder, 'state');
    study.write(this.folder);
    if (disk === null) return;
    mkdirSync(this.state);
    mountDisk(this.state, disk);
    this.#hasDisk = true;
  }

  /** The folder of the run; null before its manifest is written. */
  get run(): string | null {
    const runs = join(this.state, 'runs');
    if (!existsSync(runs)) return null;
    const name = readdirSync(runs).find((id) => existsSync(join(runs, id, 'run.json')));
    return name === undefined ? null : join(runs, name);
  }

  get runId(): string {
    const { run } = this;
    if (run === null) throw new Error(`${this.state} has no run`);
    return basename(run);
  }

  get log(): string | null {
    const { run } = this;
    return run === null ? null : logFolder(run);
  }

  /** The jobs as the log has them now, as `ensemble jobs --json` prints them, and whether the log is damaged. */
  async jobs(): Promise<{ readonly rows: Row[]; readonly damaged: boolean }> {
    const { run, log } = this;
    if (run === null || log === null || !existsSync(log)) return { rows: [], damaged: false };
    const { table, damage } = await readJobs(readRun(run));
    const lines = [...jsonLines(table, selectJobs(table, {}), plainColumns(table), true)];
    return { rows: lines.map((line) => JSON.parse(line) as Row), damaged: damage !== null };
  }

  /** Unmounts its disk. */
  release(): void {
    if (this.#hasDisk) unmountDisk(this.state);
    this.#hasDisk = false;
  }

  remove(): void {
    this.release();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
