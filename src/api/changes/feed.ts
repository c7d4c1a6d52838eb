/**
 * The latest state of one ensemble, and its changes as messages of server-sent events. A message has everything that has
 * changed since the version that a reader has. So a slow reader skips states in between, and no messages wait for it.
 */

import { randomBytes } from 'node:crypto';
import type { Part } from '../schemas/change.js';
import type { EnsembleResource } from '../schemas/ensemble.js';
import type { FailuresOfGroup } from '../schemas/failure.js';
import type { GroupResource } from '../schemas/group.js';
import type { FiringResource, ProblemResource } from '../schemas/happening.js';
import type { RuleResource } from '../schemas/rule.js';
import { Parts, type Recent, RecentItems } from './parts.js';

/** Firings and problems that are kept of an ensemble. */
const ITEMS_KEPT = 200;

export type EnsembleState = Omit<EnsembleResource, 'updated' | 'elapsed'>;

/** The state at this moment: the time of a run goes on until its end. `updated` is in seconds since the epoch. */
export function ensembleResource(state: EnsembleState, updated: number, ended: boolean): EnsembleResource {
  const until = ended ? updated : Date.now() / 1000;
  const elapsed = state.started === null ? null : Math.max(0, until - state.started);
  return { ...state, updated, elapsed };
}

/** News of an ensemble. Resources without a change may be left out. */
export interface FeedUpdate {
  readonly ensemble: EnsembleState;
  /** Seconds since the epoch. */
  readonly updated: number;
  readonly groups?: Iterable<GroupResource>;
  readonly rules?: Iterable<RuleResource>;
  readonly failures?: Iterable<FailuresOfGroup>;
  readonly metrics?: Iterable<readonly [string, number | null]>;
}

/** A message, and what a reader has seen after it. */
export interface FeedMessage {
  readonly bytes: Uint8Array;
  readonly position: Position;
}

/** The point up to which a reader has seen everything. */
export interface Position {
  readonly version: number;
  readonly firings: number;
  readonly problems: number;
}

export class Feed {
  readonly groups = new Parts<GroupResource>();
  readonly rules = new Parts<RuleResource>();
  readonly failures = new Parts<FailuresOfGroup>();
  readonly metrics = new Parts<readonly [string, number | null]>();
  readonly firings = new RecentItems<FiringResource>(ITEMS_KEPT);
  readonly problems = new RecentItems<ProblemResource>(ITEMS_KEPT);
  readonly #ensemble = new Parts<EnsembleState>();
  /** Distinguishes the versions of this process. */
  readonly #epoch = randomBytes(6).toString('base64url');
  #updated = 0;
  #version = 1;
  /** The version that readers were last woken for. */
  #shown = 1;
  #ended = false;
  readonly #waiting = new Set<() => void>();
  /** Messages since readers were last woken. */
  #messages = new Map<string, FeedMessage>();

  /** Null before the first update. */
  get ensemble(): EnsembleResource | null {
    const state = this.#ensemble.get('');
    return state === undefined ? null : ensembleResource(state, this.#updated, this.#ended);
  }

  /** No news will come. */
  get ended(): boolean {
    return this.#ended;
  }

  get #position(): Position {
    return { version: this.#version, firings: this.firings.total, problems: this.problems.total };
  }

  update({ ensemble, updated, groups = [], rules = [], failures = [], metrics = [] }: FeedUpdate): void {
    const version = this.#version + 1;
    let changed = this.#ensemble.put('', ensemble, version);
    for (const group of groups) changed = this.groups.put(group.name, group, version) || changed;
    for (const rule of rules) changed = this.rules.put(String(rule.rule), rule, version) || changed;
    for (const each of failures) changed = this.failures.put(each.group, each, version) || changed;
    for (const [name, value] of metrics) {
      changed = this.metrics.put(name, [name, value], version) || changed;
    }
    if (changed) {
      this.#version = version;
      this.#updated = updated;
    }
    this.#show();
  }

  firing(firing: FiringResource): void {
    this.firings.push(firing, ++this.#version);
  }

  problem(problem: ProblemResource): void {
    this.problems.push(problem, ++this.#version);
  }

  /** The last update has been. */
  end(): void {
    this.#ended = true;
    this.#show(true);
  }

  /** Resolves at the next update, at the end, or when the signal is aborted. */
  changed(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        signal.removeEventListener('abort', done);
        this.#waiting.delete(done);
        resolve();
      };
      signal.addEventListener('abort', done);
      this.#waiting.add(done);
    });
  }

  /** Where a reader goes on that has seen an event of this id; null for an id from another process, or a too old one. */
  positionOf(id: string): Position | null {
    const [, epoch, digits] = /^([\w-]+)\.(\d{1,15})$/.exec(id) ?? [];
    const version = Number(digits);
    if (epoch !== this.#epoch || version > this.#version) return null;
    if (!this.firings.isComplete(version) || !this.problems.isComplete(version)) return null;
    return {
      version,
      firings: this.firings.total - this.firings.since(version).length,
      problems: this.problems.total - this.problems.since(version).length,
    };
  }

  /** The message with everything. */
  state(parts: ReadonlySet<Part>): FeedMessage {
    return this.#cached(`state ${[...parts]}`, () => {
      const members = this.#members(0, parts);
      for (const part of ['firings', 'problems'] as const) {
        if (parts.has(part)) members.push(`"${part}":${JSON.stringify(this[part].values)}`);
      }
      return eventText('state', this.#idOf(this.#version), `{${members.join(',')}}`);
    });
  }

  /** The message with the changes since a position; null before the next update. */
  since(position: Position, parts: ReadonlySet<Part>): FeedMessage | null {
    if (position.version >= this.#shown) return null;
    const { version, firings, problems } = position;
    return this.#cached(`${version} ${firings} ${problems} ${[...parts]}`, () => {
      const items: (readonly ['firing' | 'problem', Recent<unknown>])[] = [];
      const members = this.#members(version, parts);
      for (const [kind, part, kept, seen] of [
        ['firing', 'firings', this.firings, firings],
        ['problem', 'problems', this.problems, problems],
      ] as const) {
        if (!parts.has(part)) continue;
        const here = kept.since(version);
        for (const item of here) items.push([kind, item]);
        const skipped = kept.total - seen - here.length;
        if (skipped > 0) members.push(`"${part}Skipped":${skipped}`);
      }
      items.sort(([, a], [, b]) => a.version - b.version);
      // The id of the change would cover items that are sent after it.
      const id = items.length === 0 ? this.#idOf(this.#version) : null;
      const events = items.map(([kind, { value, version: of }]) =>
        eventText(kind, this.#idOf(of), JSON.stringify(value)),
      );
      return `${eventText('change', id, `{${members.join(',')}}`)}${events.join('')}`;
    });
  }

  #members(after: number, parts: ReadonlySet<Part>): string[] {
    const members = [`"ensemble":${JSON.stringify(this.ensemble)}`];
    for (const [name, of] of [
      ['groups', this.groups],
      ['rules', this.rules],
      ['failures', this.failures],
    ] as const) {
      const texts = parts.has(name) ? of.since(after) : [];
      if (texts.length > 0) members.push(`"${name}":[${texts.join(',')}]`);
    }
    const changed = parts.has('metrics') ? this.metrics.since(after) : [];
    if (changed.length > 0) {
      const entries = changed.map((text) => JSON.parse(text) as [string, number | null]);
      members.push(`"metrics":${JSON.stringify(Object.fromEntries(entries))}`);
    }
    return members;
  }

  #idOf(version: number): string {
    return `${this.#epoch}.${version}`;
  }

  #cached(key: string, make: () => string): FeedMessage {
    const known = this.#messages.get(key);
    if (known !== undefined) return known;
    const message = { bytes: Buffer.from(make()), position: this.#position };
    this.#messages.set(key, message);
    return message;
  }

  #show(always = false): void {
    if (this.#shown === this.#version && !always) return;
    this.#shown = this.#version;
    this.#messages = new Map();
    for (const wake of [...this.#waiting]) wake();
  }
}

/** One event. JSON has no line break of its own. */
export function eventText(name: string, id: string | null, data: string): string {
  return `event: ${name}\n${id === null ? '' : `id: ${id}\n`}data: ${data}\n\n`;
}
