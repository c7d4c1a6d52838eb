/** Looks up the jobs of a stored run in its configuration, and finds their files. */

import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { templateOf } from '../actions/job-facts.js';
import { parseConfig } from '../config/load.js';
import type { NativeJobColumns } from '../engine/addon.js';
import { hasAsciiIds } from '../language/job-tags.js';
import { findFile } from '../members/find-file.js';
import { filesOf, type JobFiles } from '../members/jobspec.js';
import type { EnsembleConfig, JobEntry } from '../model/ensemble.js';
import type { JobOrigin } from '../model/firing.js';
import type { JobTagValues } from '../model/job-facts.js';
import { keepsOutputs, keptFiles } from '../model/kept-files.js';
import { probedOf } from '../model/metric-names.js';
import type { Parameters } from '../model/parameters.js';
import { parseParameters } from '../store/jobs/parameters.js';
import type { JobPlace } from '../store/jobs/table.js';
import { configurationFile, outputFolder } from '../store/run-folder.js';
import type { StoredRun } from '../store/runs.js';
import { RuleTitles } from './rule-titles.js';

/** Folders whose names are remembered. */
const MAX_FOLDERS = 256;

const NOWHERE: JobPlace = { nodes: null, tasks: null, output: null, error: null };

export class JobPlaces {
  readonly #run: StoredRun;
  readonly #jobs: NativeJobColumns;
  /** Undefined before it is read; null when it can't be read. */
  #config: EnsembleConfig | null | undefined;
  readonly #files = new WeakMap<JobEntry, JobFiles>();
  /** Slots of jobs that depend on their parameters, by the index of those. */
  readonly #slots = new Map<JobEntry, Map<number, number>>();
  readonly #titles: RuleTitles;
  readonly #folders = new Map<string, ReadonlySet<string>>();
  #last: { readonly row: number; readonly place: JobPlace } = { row: -1, place: NOWHERE };

  constructor(run: StoredRun, jobs: NativeJobColumns) {
    this.#run = run;
    this.#jobs = jobs;
    this.#titles = new RuleTitles(run, jobs.addedRules, () => this.#configuration());
  }

  /** Returns the title of the rule with an index; null for an unknown one. */
  titleOf(rule: number): string | null {
    return this.#titles.of(rule);
  }

  /** Returns the names of a group's probe variables, in the order of its probes; none where the configuration is unknown. */
  variablesOf(group: string): string[] {
    const found = this.#configuration()?.groups.get(group);
    return found === undefined ? [] : probedOf(found);
  }

  /** Returns the names of the texts that a group's jobs tell, in the order of the file. */
  textsOf(group: string): readonly string[] {
    return this.#configuration()?.groups.get(group)?.tells.texts ?? [];
  }

  /** Returns the facts of a job. Several columns of a row ask in turn, so the last answer is kept. */
  of(row: number): JobPlace {
    if (this.#last.row !== row) this.#last = { row, place: this.#find(row) };
    return this.#last.place;
  }

  /** Returns the slots of the local member that a job takes: one for each core of each task. Null where it is unknown. */
  slotsOf(row: number): number | null {
    const { groups, group, entry, parameters } = this.#jobs;
    const name = groups[group[row] ?? 0] ?? '';
    const found = this.#configuration()?.groups.get(name)?.entries[entry[row] ?? 0];
    if (found === undefined) return null;
    const { draft } = found;
    const isFixed = draft === null || (typeof draft.tasks === 'number' && typeof draft.cores === 'number');
    if (isFixed) return found.tasks * found.cores;
    // Jobs with the same parameters take the same slots.
    const known = this.#slots.get(found) ?? new Map<number, number>();
    this.#slots.set(found, known);
    const place = parameters[row] ?? 0;
    let slots = known.get(place);
    if (slots === undefined) {
      const { tasks, cores } = this.#template(row, name) ?? found;
      slots = tasks * cores;
      known.set(place, slots);
    }
    return slots;
  }

  /**
   * Returns the files to which a job writes, or `also` those in the folder of the run that do not exist (yet).
   * Only some members write there.
   */
  expected(row: number, also: boolean): Pick<JobPlace, 'output' | 'error'> {
    return also && keepsOutputs(this.#run.manifest.member) ? this.#find(row, true) : this.of(row);
  }

  #find(row: number, missing = false): JobPlace {
    const { groups, group, ids } = this.#jobs;
    const name = groups[group[row] ?? 0];
    if (name === undefined) return NOWHERE;
    const job = this.#template(row, name);
    const files = job === null ? null : this.#filesOf(job);
    const tags = job === null || files === null ? null : this.#tags(ids[row] ?? 0n, job, files);
    const own = (path: string | null | undefined) =>
      path && files !== null && tags !== null ? findFile(resolve(files.workdir, path), tags).path : null;
    const output = own(files?.output);
    const error = own(files?.error);
    const kept = this.#kept(row, name, missing);
    return {
      nodes: job?.nodes ?? null,
      tasks: job?.tasks ?? null,
      output: output ?? kept.output,
      // Standard error without a file of its own goes to the output file.
      error: error === null ? kept.error : error === output ? null : error,
    };
  }

  /** The job as it was submitted; null where the configuration does not have it. */
  #template(row: number, group: string): JobEntry | null {
    const { entry, index, parameters, texts } = this.#jobs;
    const found = this.#configuration()?.groups.get(group)?.entries[entry[row] ?? 0];
    if (found === undefined) return null;
    const known = parseParameters(texts[parameters[row] ?? 0] ?? '') as Parameters | null;
    const origin: JobOrigin = {
      rule: 0,
      firing: 0,
      part: 0,
      index: index[row] || 0,
      values: null,
      texts: {},
    };
    return templateOf({ parameters: known, origin }, found);
  }

  #configuration(): EnsembleConfig | null {
    this.#config ??= this.#config === null ? null : this.#readConfig();
    return this.#config;
  }

  #readConfig(): EnsembleConfig | null {
    const { path, manifest } = this.#run;
    try {
      const text = readFileSync(configurationFile(path), 'utf8');
      return parseConfig(text, { file: manifest.file, recorded: true }).config;
    } catch {
      // A module or an algorithm of the file may be gone. The log has the other facts.
      return null;
    }
  }

  #filesOf(job: JobEntry): JobFiles {
    const found = this.#files.get(job);
    if (found !== undefined) return found;
    const workdir = resolve(this.#run.manifest.folder, job.workdir ?? '');
    const files = filesOf({ ...job, workdir });
    this.#files.set(job, files);
    return files;
  }

  #tags(id: bigint, { tasks, nodes, environment }: JobEntry, { name }: JobFiles): JobTagValues {
    const { member, host } = this.#run.manifest;
    const local = { name: host, broker_rank: '0', ntasks: String(tasks) };
    const ascii = hasAsciiIds(process.env, environment);
    return { id, name, tasks, nodes, ascii, node: member === 'local' ? local : null };
  }

  /** Files in the folder of the run; a job without output has none. */
  #kept(row: number, group: string, missing: boolean): Pick<JobPlace, 'output' | 'error'> {
    const { firing, index, ids } = this.#jobs;
    const [number, place] = [firing[row] ?? Number.NaN, index[row] ?? Number.NaN];
    if (Number.isNaN(number) || Number.isNaN(place)) return NOWHERE;
    const kept = keptFiles({ group, firing: number, index: place, id: ids[row] ?? 0n });
    const root = outputFolder(this.#run.path);
    const names = this.#namesIn(join(root, kept.folder));
    const existing = (path: string) =>
      missing || names.has(path.slice(kept.folder.length + 1)) ? join(root, path) : null;
    return { output: existing(kept.output), error: existing(kept.error) };
  }

  #namesIn(folder: string): ReadonlySet<string> {
    let names = this.#folders.get(folder);
    if (names === undefined) {
      names = new Set(entriesOf(folder));
      if (this.#folders.size >= MAX_FOLDERS) this.#folders.clear();
      this.#folders.set(folder, names);
    }
    return names;
  }
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
