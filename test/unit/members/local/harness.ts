/** Shared by the tests of the local member: a sink that parses records, and a view of /proc. */

import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { EnsembleError } from '../../../../src/errors.js';
import { LocalMember, type LocalMemberOptions } from '../../../../src/members/local/local-member.js';
import type { MemberSink } from '../../../../src/members/member.js';
import type { JobTemplate } from '../../../../src/model/ensemble.js';
import { job } from '../../../../src/testing/members/template.js';

/** The program under test; a build with sanitizers can replace it. */
export const SPAWNER =
  process.env.ENSEMBLE_SPAWNER ??
  fileURLToPath(new URL('../../../../build/Release/ensemble-spawner', import.meta.url));
export const ORIGIN = { rule: 0, firing: 0, part: 0, index: 0, attempt: 0 };

export interface Entry {
  readonly timestamp: number;
  readonly name: string;
  readonly context?: Record<string, unknown>;
}

/** A record with its id as text, because JSON.parse would round it. */
export interface JournalRecord {
  readonly idText: string;
  readonly events: readonly Entry[];
  readonly jobspec?: Record<string, never>;
  readonly R?: Record<string, never>;
}

export function parseRecords(text: string): JournalRecord[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => ({ ...JSON.parse(line), idText: /^\{"id":(-?\d+),/.exec(line)?.[1] ?? '?' }));
}

export const template = (command: string[], changes: Partial<JobTemplate> = {}): JobTemplate =>
  job(command, { group: 'test', ...changes });

/** A shell script as a command. */
export const sh = (script: string) => ['/bin/sh', '-c', script];

export class Journal implements MemberSink {
  readonly all: JournalRecord[] = [];
  readonly calls: number[] = [];
  failure: EnsembleError | null = null;
  /** Resolves when the records so far survive this process; null for a run without a log. */
  kept: (() => Promise<void>) | null = null;
  readonly #counts = new Map<string, number>();
  #changed: () => void = () => {};

  quiet(): void {
    throw new Error('a member whose records come through here says nothing of that');
  }

  records(lines: Uint8Array): Promise<void> | undefined {
    if (this.failure !== null) throw new Error('records after failed()');
    const text = new TextDecoder('utf-8', { fatal: true }).decode(lines);
    if (!text.endsWith('\n')) throw new Error('a line without its end');
    for (const record of parseRecords(text)) {
      this.all.push(record);
      for (const { name } of record.events) this.#counts.set(name, this.count(name) + 1);
    }
    this.calls.push(lines.length);
    this.#changed();
    return this.kept?.();
  }

  failed(error: EnsembleError): void {
    if (this.failure !== null) throw new Error('failed() twice');
    this.failure = error;
    this.#changed();
  }

  /** The jobs in order of submission. */
  ids(): string[] {
    return this.all.filter((record) => record.events[0]?.name === 'submit').map((record) => record.idText);
  }

  /** All events of the job that was submitted at position `index`. */
  job(index: number): Entry[] {
    const id = this.ids()[index];
    return this.all.filter((record) => record.idText === id).flatMap((record) => record.events);
  }

  names(index: number): string[] {
    return this.job(index).map((event) => event.name);
  }

  context(index: number, name: string): Record<string, unknown> | undefined {
    return this.job(index).find((event) => event.name === name)?.context;
  }

  count(name: string): number {
    return this.#counts.get(name) ?? 0;
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
  }

  /** Waits for an event of the job at position `index`. */
  has(index: number, name: string): Promise<void> {
    return this.until(() => this.names(index).includes(name));
  }

  cleaned(count: number): Promise<void> {
    return this.until(() => this.count('clean') >= count);
  }
}

/** Runs `use` with a member that is stopped afterwards in every case. */
export async function withMember(
  options: Partial<LocalMemberOptions>,
  use: (member: LocalMember, journal: Journal) => Promise<void>,
): Promise<Journal> {
  const member = new LocalMember({ slots: 2, ensemble: 'run', spawnerPath: SPAWNER, ...options });
  const journal = new Journal();
  await member.start(journal);
  try {
    await use(member, journal);
  } finally {
    await member.stop(0);
  }
  return journal;
}

/** The processes whose arguments are exactly these. */
export function processesOf(...args: string[]): number[] {
  const wanted = `${args.join('\0')}\0`;
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        return readFileSync(`/proc/${name}/cmdline`, 'utf8') === wanted;
      } catch {
        return false;
      }
    })
    .map(Number);
}

/** Waits for a condition outside of this process, whose changes are not reported. */
export async function eventually(condition: () => boolean, what: string, seconds = 10): Promise<void> {
  const deadline = performance.now() + seconds * 1000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`not within ${seconds} s: ${what}`);
    await sleep(10);
  }
}

let nonce = 0;
/** A number of seconds that no other process on this machine sleeps. */
export const uniqueSleep = () => `${3000 + process.pid / 1e7 + nonce++ / 1e10}`;
