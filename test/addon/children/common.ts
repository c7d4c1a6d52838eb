import { readdirSync, writeSync } from 'node:fs';
import type { NativeFiring } from '../../../src/engine/addon.js';
import { Engine } from '../../../src/engine/engine.js';
import { EMPTY_PLAN, type EnginePlan, type PlanRule } from '../../../src/engine/plan/plan.js';

/** Prints one JSON value for the test, at once, from any thread. */
export function say(value: unknown): void {
  writeSync(1, `${JSON.stringify(value)}\n`);
}

/** Fires at every event of every job. */
export const everyEvent: readonly PlanRule[] = ['submit', 'alloc', 'start', 'finish', 'clean'].map(
  (event) => ({
    trigger: 'job',
    group: -1,
    event,
    when: null,
    timing: null,
    limits: [],
    splits: [],
    cron: null,
    states: null,
    repetitions: Number.MAX_SAFE_INTEGER,
    backoff: -1,
    terminal: false,
    wantsEvent: true,
    probing: false,
    split: null,
    resolve: null,
    submit: null,
  }),
);

export function plan(parts: Partial<EnginePlan> = {}): EnginePlan {
  return { ...EMPTY_PLAN, groups: ['a'], rules: everyEvent, ...parts };
}

export const eventsOfJob = 5;

/** Records of `count` whole jobs with ids from `first` on; each fires five times. */
export function journal(first: number, count: number): Buffer {
  let text = '';
  for (let id = first; id < first + count; id++) {
    const event = (t: number, name: string, rest = '') => `{"timestamp":${t},"name":"${name}"${rest}}`;
    const record = (inside: string, tail = '') => `{"id":${id},"events":[${inside}]${tail}}\n`;
    text += record(event(10, 'submit'), ',"jobspec":{"attributes":{"user":{"group":"a"}}}');
    text += record(`${event(11, 'alloc')},${event(12, 'start')}`);
    text += record(event(12 + (id % 7), 'finish', ',"context":{"status":0}'));
    text += record(event(20, 'clean'));
  }
  return Buffer.from(text);
}

export function open(
  parts: Partial<EnginePlan> = {},
  firing: (firing: NativeFiring) => void = () => {},
): Engine {
  return new Engine(plan(parts), { firing, decodeError: () => {} });
}

/** Keeps an engine busy for ever. */
export async function flood(engine: Engine): Promise<void> {
  const bytes = journal(1, 500);
  for (;;) await Promise.all([engine.ingest(bytes), engine.ingest(bytes), engine.tick(100)]);
}

/** Threads of this process. */
export function threads(): number {
  return readdirSync('/proc/self/task').length;
}

export const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
