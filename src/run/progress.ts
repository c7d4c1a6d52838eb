/**
 * Keeps account of firings and requests from outside that are not done, in notes of the run's log, so that a process
 * which resumes the run does only the rest. Without a log no notes are made.
 */

import type { ActionProgress, JobRange } from '../actions/progress.js';
import type { Portion } from '../actions/submit/portions.js';
import { SweepCursors } from '../actions/submit/sweep-cursor.js';
import type { Engine } from '../engine/engine.js';
import type { JobGroup } from '../model/ensemble.js';
import { KnownProgress } from './known-progress.js';
import { type FiringNote, firingNote, requestNote, runNote } from './notes.js';
import { ReadFiles } from './read-files.js';

/** A rule's firing or a request from outside; both are counted from 0. */
export interface Cause {
  readonly number: number;
  readonly fromOutside: boolean;
}

export type LogOfRun = Pick<Engine, 'logs' | 'note' | 'done' | 'knownJobs'>;

type NoteKind = FiringNote['kind'];
type ValueOf<Kind extends NoteKind> = Extract<FiringNote, { kind: Kind }>['value'];

const NOTHING: KnownProgress = new KnownProgress([]);
const NO_JOBS: readonly JobRange[] = [];

export class ProgressLog {
  readonly sweeps: SweepCursors;
  readonly files: ReadFiles;
  readonly #log: LogOfRun;
  /** The last one that took jobs of each group. Its note says which jobs come next, so it is kept until another takes some. */
  readonly #lastTakers = new Map<string, Progress>();

  constructor(log: LogOfRun, sweeps = new SweepCursors()) {
    this.#log = log;
    this.sweeps = sweeps;
    this.files = new ReadFiles(log);
  }

  /** Begins the account of a new firing or request. */
  open(cause: Cause): Progress {
    return new Progress(this.#log, this, cause, NOTHING, false);
  }

  /** Continues the account of one that an earlier process of the run has begun. */
  reopen(cause: Cause, notes: Iterable<FiringNote>): Progress {
    const known = new KnownProgress(notes);
    const progress = new Progress(this.#log, this, cause, known, true);
    for (const { group, first, count } of known.taken.values()) {
      if (first + count <= this.sweeps.position(group)) continue;
      this.sweeps.moveTo(group, first + count);
      this.took(group, progress);
    }
    if (known.finished) progress.finish();
    return progress;
  }

  /** Jobs of a group were taken. */
  took(group: string, by: Progress): void {
    const before = this.#lastTakers.get(group);
    this.#lastTakers.set(group, by);
    if (before?.finished) before.finish();
  }

  /** Whether the notes of a firing are needed after it is done. */
  needs(progress: Progress): boolean {
    return [...this.#lastTakers.values()].includes(progress);
  }
}

/** The account of one firing or request, with all actions that follow from it. */
export class Progress {
  readonly #log: LogOfRun;
  readonly #owner: ProgressLog;
  readonly #cause: Cause;
  readonly #known: KnownProgress;
  readonly #isRestored: boolean;
  #parts: number;
  /** By path, when actions are done that go on after they have ended. */
  readonly #later = new Map<string, Promise<boolean>>();
  /** Actions that are not done. */
  #pending = 0;
  #complete = true;
  finished = false;
  #onEnd = () => {};

  constructor(log: LogOfRun, owner: ProgressLog, cause: Cause, known: KnownProgress, isRestored: boolean) {
    this.#log = log;
    this.#owner = owner;
    this.#cause = cause;
    this.#known = known;
    this.#isRestored = isRestored;
    this.#parts = 1 + Math.max(-1, ...known.parts.values());
  }

  /** Whether everything was done before the run was resumed. */
  get wasFinished(): boolean {
    return this.#known.finished;
  }

  /** Whether the action at a place was done before. */
  wasDone(path: string): boolean {
    return this.#known.steps.has(path);
  }

  /** Whether the ensemble went to the action's state before. */
  hasGone(path: string): boolean {
    return this.#known.went.has(path);
  }

  /** The answer that code of the user gave before, in a list of one; null without one. */
  answerOf(path: string): readonly [unknown] | null {
    return this.#known.answers.has(path) ? [this.#known.answers.get(path)] : null;
  }

  /** The ensemble goes to the state of the action. */
  went(path: string): void {
    void this.note('went', { path }).catch(() => {});
  }

  /** A rule of an answer was added before. */
  knowsRule(path: string): void {
    this.#known.steps.add(path);
  }

  /** Calls the function when all actions have ended: they are done, or the end of the run has broken them off. */
  whenEnded(onEnd: () => void): void {
    this.#onEnd = onEnd;
  }

  /** An action is to be performed. */
  begin(): void {
    this.#pending++;
  }

  /** The action has ended. `complete` is false when the end of the run has broken it off. */
  end(path: string, complete: boolean): void {
    const later = this.#later.get(path);
    if (later !== undefined) {
      this.#later.delete(path);
      void later.then((done) => this.end(path, done));
      return;
    }
    this.#pending--;
    if (!complete) this.#complete = false;
    else if (this.#pending > 0 && path !== '') void this.note('step', { path }).catch(() => {});
    if (this.#pending > 0) return;
    if (this.#complete) this.finish();
    this.#onEnd();
  }

  /** All is done. */
  finish(): void {
    const { number, fromOutside } = this.#cause;
    const isNew = !this.finished && !this.#known.finished;
    this.finished = true;
    if (!this.#log.logs) return;
    if (fromOutside) {
      if (isNew) void this.#log.note(runNote('performed', { number })).catch(() => {});
    } else if (!this.#owner.needs(this)) {
      void this.#log.done(number).catch(() => {});
    } else if (isNew) {
      void this.note('finished', true).catch(() => {});
    }
  }

  /** The account of the action at a place. */
  at(path: string): ActionProgress {
    return new PlaceProgress(this, path);
  }

  async note<Kind extends NoteKind>(kind: Kind, value: ValueOf<Kind>): Promise<void> {
    if (!this.#log.logs) return;
    const { number, fromOutside } = this.#cause;
    if (fromOutside) await this.#log.note(requestNote(number, kind, value as never));
    else await this.#log.note(firingNote(kind, value as never), number);
  }

  partOf(path: string): number {
    const known = this.#known.parts.get(path);
    if (known !== undefined) return known;
    const part = this.#parts++;
    // The action of the rule itself is the only submission of its firing.
    if (path !== '') void this.note('part', { path, part }).catch(() => {});
    return part;
  }

  async submitted(part: number): Promise<readonly JobRange[]> {
    if (!this.#isRestored) return NO_JOBS;
    const { number, fromOutside } = this.#cause;
    const jobs = await this.#log.knownJobs(number, fromOutside);
    return jobs.filter((range) => range.part === part);
  }

  async take(
    path: string,
    group: JobGroup,
    count: number,
    isDone: ((portion: Portion) => boolean) | null = null,
  ): Promise<Iterable<Portion>> {
    const { sweeps } = this.#owner;
    const known = this.#known.taken.get(path);
    if (known !== undefined) return sweeps.takeAgain(group, known.first, known.count);
    const first = sweeps.position(group.name);
    const portions = sweeps.take(group, count, isDone);
    if (this.#log.logs) {
      const taken = sweeps.position(group.name) - first;
      await this.note('took', { path, group: group.name, first, count: taken });
      // Only now the notes of the one that took before are no longer needed.
      this.#owner.took(group.name, this);
    }
    return portions;
  }

  reads(file: string): Promise<void> {
    return this.#owner.files.reads(file);
  }

  wantSize(path: string, target: number): number | null {
    const known = this.#known.sizes.get(path);
    if (known !== undefined) return known;
    void this.note('size', { path, size: target }).catch(() => {});
    return null;
  }

  setsUrgency(jobs: Iterable<bigint>, urgency: number): void {
    if (this.#log.logs) void this.#log.note(runNote('urgency', { jobs: [...jobs], urgency })).catch(() => {});
  }

  reached(size: number): void {
    if (this.#log.logs) void this.#log.note(runNote('memberSize', size)).catch(() => {});
  }

  until(path: string, done: Promise<boolean>): void {
    this.#later.set(path, done);
  }

  async beginCode(path: string): Promise<number> {
    await this.note('begun', { path });
    return this.#known.begun.get(path) ?? 0;
  }
}

class PlaceProgress implements ActionProgress {
  readonly #of: Progress;
  readonly #path: string;

  constructor(of: Progress, path: string) {
    this.#of = of;
    this.#path = path;
  }

  part(): number {
    return this.#of.partOf(this.#path);
  }

  submitted(part: number): Promise<readonly JobRange[]> {
    return this.#of.submitted(part);
  }

  take(
    group: JobGroup,
    count: number,
    isDone: ((portion: Portion) => boolean) | null = null,
  ): Promise<Iterable<Portion>> {
    return this.#of.take(this.#path, group, count, isDone);
  }

  reads(file: string): Promise<void> {
    return this.#of.reads(file);
  }

  wantSize(target: number): number | null {
    return this.#of.wantSize(this.#path, target);
  }

  setsUrgency(jobs: Iterable<bigint>, urgency: number): void {
    this.#of.setsUrgency(jobs, urgency);
  }

  reached(size: number): void {
    this.#of.reached(size);
  }

  until(done: Promise<boolean>): void {
    this.#of.until(this.#path, done);
  }

  begin(): Promise<number> {
    return this.#of.beginCode(this.#path);
  }

  answered(answer: unknown): Promise<void> {
    return this.#of.note('answer', { path: this.#path, answer });
  }
}
