/** The state of a run as its log says, for the process that goes on with it. */

import type { NativeFiring, NativeRestored } from '../engine/addon.js';
import type { Engine } from '../engine/engine.js';
import { EnsembleError, type ErrorCode } from '../errors.js';
import type { MemberFacts } from '../members/member.js';
import { isResumable, type RunEnding } from './end-of-run.js';
import type { OpenRequest } from './external-actions.js';
import type { LostUrgencies } from './lost-urgencies.js';
import {
  type FiringNote,
  type RunNote,
  readFiringNote,
  readInnerNote,
  readRunNote,
  runNote,
} from './notes.js';
import type { Progress, ProgressLog } from './progress.js';
import type { RulesOfRun } from './rules-of-run.js';
import type { SearchNote } from './search/search.js';

type RequestNote = Extract<RunNote, { kind: 'request' }>['value'];
type EndNote = Extract<RunNote, { kind: 'end' }>['value'];

/** A firing of a rule that is not done. */
export interface OpenFiring {
  readonly native: NativeFiring;
  readonly progress: Progress;
}

export interface RestoredRun {
  readonly native: NativeRestored;
  /** In their order. */
  readonly firings: readonly OpenFiring[];
  /** Firings of the rules of probes and searches that are not done. */
  readonly unmeasured: readonly NativeFiring[];
  /** Notes of searches, in their order. */
  readonly searches: readonly SearchNote[];
  /** Requests from outside that are not done, in their order, and the number of all requests so far. */
  readonly requests: readonly OpenRequest[];
  readonly requestCount: number;
  readonly paused: boolean;
  /** The last size that the member was to have; null when it was not changed. */
  readonly memberSize: number | null;
  readonly facts: MemberFacts | null;
  /** How the run ended; null for a run that goes on. */
  readonly end: RunEnding | null;
  /** For each rule of a run that has ended, the number of its firings whose action did not begin. */
  readonly unperformed: ReadonlyMap<number, number>;
  /** Notes that this version does not know. */
  readonly unknownNotes: number;
}

function endOf({ end, error, by }: EndNote): RunEnding {
  const cause = error === null ? null : new EnsembleError(error.code as ErrorCode, error.message);
  return { end, error: cause, by };
}

/** Keeps how a run ended, unless another process may go on with it. `unperformed` is by rule. */
export async function noteEnd(
  engine: Pick<Engine, 'note'>,
  { end, error, by }: RunEnding,
  unperformed: ReadonlyMap<number, number>,
): Promise<void> {
  if (isResumable(end)) return;
  const cause = error === null ? null : { code: error.code, message: error.message };
  const note = runNote('end', { end, error: cause, by, unperformed: [...unperformed] });
  await engine.note(note).catch((lost: EnsembleError) => {
    // The log has ended, which is reported once.
    if (lost.code !== 'ERR_RUN') throw lost;
  });
}

/** Reads what the engine has restored. Positions in sweeps are restored with it. */
export function readRestored(
  native: NativeRestored,
  progress: ProgressLog,
  rules: Pick<RulesOfRun, 'probe' | 'search' | 'restored'>,
  urgencies: Pick<LostUrgencies, 'add'>,
): RestoredRun {
  const run = new RunNotes(urgencies, progress.files);
  for (const text of native.notes) run.add(text);
  const { firings, unmeasured, unknown } = readFirings(native, progress, rules);
  const byNumber = new Map(firings.map((open) => [open.native.number, open]));
  for (const { firing, path } of rules.restored) byNumber.get(firing)?.progress.knowsRule(path);
  return {
    native,
    // Those of a run that has ended are not performed; the note of its end has their number.
    firings: run.end === null ? firings.filter((open) => !open.progress.wasFinished) : [],
    unmeasured,
    searches: run.searches,
    requests: run.requests(progress),
    requestCount: run.requestCount,
    paused: run.paused,
    memberSize: run.memberSize,
    facts: run.facts,
    end: run.end,
    unperformed: run.unperformed,
    unknownNotes: run.unknown + unknown,
  };
}

function readFirings(
  native: NativeRestored,
  progress: ProgressLog,
  rules: Pick<RulesOfRun, 'probe' | 'search'>,
) {
  const firings: OpenFiring[] = [];
  const unmeasured: NativeFiring[] = [];
  let unknown = 0;
  for (const { firing, notes } of native.firings) {
    if (rules.probe(firing.rule) !== null || rules.search(firing.rule) !== null) {
      unmeasured.push(firing);
      continue;
    }
    const known = notes.map(readFiringNote).filter((note) => note !== null);
    unknown += notes.length - known.length;
    const cause = { number: firing.number, fromOutside: false };
    firings.push({ native: firing, progress: progress.reopen(cause, known) });
  }
  return { firings, unmeasured, unknown };
}

/** The notes about no firing. */
class RunNotes {
  paused = false;
  memberSize: number | null = null;
  facts: MemberFacts | null = null;
  end: RunEnding | null = null;
  unperformed: ReadonlyMap<number, number> = new Map();
  unknown = 0;
  readonly searches: SearchNote[] = [];
  readonly #urgencies: Pick<LostUrgencies, 'add'>;
  readonly #files: ProgressLog['files'];
  readonly #requests = new Map<number, { request: RequestNote; notes: FiringNote[]; done: boolean }>();

  constructor(urgencies: Pick<LostUrgencies, 'add'>, files: ProgressLog['files']) {
    this.#urgencies = urgencies;
    this.#files = files;
  }

  get requestCount(): number {
    return 1 + [...this.#requests.keys()].reduce((most, number) => Math.max(most, number), -1);
  }

  add(text: string): void {
    const note = readRunNote(text);
    if (note === null) {
      this.unknown++;
      return;
    }
    const { kind, value } = note;
    switch (kind) {
      case 'request':
        this.#requests.set(value.number, { request: value, notes: [], done: false });
        break;
      case 'ofRequest': {
        const inner = readInnerNote(value.note);
        if (inner === null) this.unknown++;
        else this.#requests.get(value.number)?.notes.push(inner);
        break;
      }
      case 'performed': {
        const known = this.#requests.get(value.number);
        if (known !== undefined) known.done = true;
        break;
      }
      case 'paused':
        this.paused = value;
        break;
      case 'urgency':
      case 'urgencyOf':
        this.#urgencies.add(note);
        break;
      case 'searchBegan':
      case 'exchanged':
      case 'rowsEnded':
      case 'searchClosed':
        this.searches.push(note);
        break;
      case 'memberSize':
        this.memberSize = value;
        break;
      case 'rows':
        this.#files.knows(value.file, value);
        break;
      case 'member':
        this.facts = value;
        break;
      case 'end':
        this.end = endOf(value);
        this.unperformed = new Map(value.unperformed);
    }
  }

  requests(progress: ProgressLog): OpenRequest[] {
    return [...this.#requests.values()].flatMap(({ request, notes, done }) => {
      const { number, action, by, time } = request;
      // Also of a request that is done: it may have taken jobs of a sweep.
      const reopened = progress.reopen({ number, fromOutside: true }, notes);
      const { name, label, value } = action;
      const external = {
        name,
        ...(label === undefined ? {} : { label }),
        ...(value === undefined ? {} : { value }),
      };
      return done ? [] : [{ number, action: external, by, time, progress: reopened }];
    });
  }
}
