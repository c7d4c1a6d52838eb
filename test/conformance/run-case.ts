/** One case, run in the reference and in the native engine, with results of the same shape. */

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { expect } from 'vitest';
import { type Addon, loadAddon } from '../../src/engine/addon.js';
import { Engine, type EngineListener } from '../../src/engine/engine.js';
import type { GroupMetrics } from '../../src/model/metrics.js';
import { ReferenceEngine } from '../reference/reference-engine.js';
import type { ReferenceFiring } from '../reference/rule-evaluator.js';
import { type CasePlan, type CaseRule, compile, compileRule } from './build-case.js';

export type Step =
  | { readonly do: 'start'; readonly now: number }
  | { readonly do: 'ingest'; readonly text: string }
  | { readonly do: 'finishStream' }
  | { readonly do: 'tick'; readonly now: number }
  | { readonly do: 'addRule'; readonly rule: CaseRule }
  | { readonly do: 'goTo'; readonly state: number }
  | {
      readonly do: 'probed';
      readonly group: number;
      readonly first: number;
      readonly values: readonly number[];
      readonly time: number;
    }
  | { readonly do: 'end' };

export interface Case {
  readonly plan: CasePlan;
  readonly steps: readonly Step[];
}

export interface Result {
  readonly firings: readonly ReferenceFiring[];
  readonly metrics: readonly (readonly [string, GroupMetrics])[];
  /** Values of the metrics that are not elsewhere in the snapshot. */
  readonly named: readonly (readonly [string, number | null])[];
  readonly active: readonly (readonly bigint[])[];
  readonly badLines: readonly number[];
  readonly added: readonly number[];
  readonly status: {
    readonly activeJobs: number;
    readonly ended: boolean;
    readonly backlogOver: boolean;
    readonly state: string | null;
    readonly records: number;
    readonly events: number;
    readonly trackedEvents: number;
    readonly decodeErrors: number;
    readonly negativeIntervals: number;
    readonly ignoredTells: number;
    readonly firings: number;
  };
}

/** Sizes of the pieces in which the native engine gets a text, used in turn. */
export type Cuts = readonly number[];

const inOrder = (ids: Iterable<bigint>) => [...ids].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));

export function runReference({ plan, steps }: Case, engine = new ReferenceEngine(compile(plan))): Result {
  const added: number[] = [];
  for (const step of steps) {
    if (step.do === 'start') engine.start(step.now);
    else if (step.do === 'ingest') engine.ingest(step.text);
    else if (step.do === 'finishStream') engine.finishStream();
    else if (step.do === 'tick') engine.tick(step.now);
    else if (step.do === 'addRule') {
      added.push(engine.addRule(...compileRule(step.rule, engine.knownMetrics)));
    } else if (step.do === 'goTo') engine.goTo(step.state);
    else if (step.do === 'probed') engine.probed(step.group, step.first, step.values, step.time);
    else engine.end();
  }
  const metrics = [...engine.metrics];
  return {
    firings: engine.firings,
    metrics,
    named: engine.named,
    active: metrics.map((_, group) => inOrder(engine.activeJobs(group))),
    badLines: engine.badLines,
    added,
    status: {
      ...engine.totals,
      ignoredTells: 0,
      activeJobs: engine.activeJobs().length,
      ended: engine.ended,
      backlogOver: engine.backlogOver,
      state: engine.state,
      decodeErrors: engine.badLines.length,
      firings: engine.firings.length,
    },
  };
}

function* pieces(text: string, cuts: Cuts): Generator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let from = 0, cut = 0; from < bytes.length; cut++) {
    const size = cuts.length === 0 ? bytes.length : (cuts[cut % cuts.length] as number);
    yield bytes.subarray(from, from + size);
    from += size;
  }
}

/** Results that come while steps are performed. */
class Gathered {
  readonly firings: ReferenceFiring[] = [];
  readonly badLines: number[] = [];
  readonly added: number[] = [];

  readonly listener: EngineListener = {
    firing: (firing) =>
      this.firings.push({
        ...firing,
        context: firing.context === null ? null : JSON.parse(firing.context),
      }),
    decodeError: (error) => this.badLines.push(error.line),
  };
}

/** Performs steps of a case. `metrics` are known before; returns how many are known after. */
async function perform(
  engine: Engine,
  steps: readonly Step[],
  cuts: Cuts,
  gathered: Gathered,
  metrics: number,
): Promise<number> {
  let known = metrics;
  // No answer is awaited in between: the engine itself has to keep the order.
  const answers: Promise<unknown>[] = [];
  for (const step of steps) {
    if (step.do === 'start') answers.push(engine.start(step.now));
    else if (step.do === 'finishStream') answers.push(engine.finishStream());
    else if (step.do === 'tick') answers.push(engine.tick(step.now));
    else if (step.do === 'addRule') {
      const [rule, fresh] = compileRule(step.rule, known);
      known += fresh.length;
      answers.push(engine.addRule(rule, fresh).then((index) => gathered.added.push(index)));
    } else if (step.do === 'goTo') answers.push(engine.goTo(step.state));
    else if (step.do === 'probed')
      answers.push(engine.probed(step.group, step.first, step.values, step.time));
    else if (step.do === 'end') answers.push(engine.end());
    else for (const piece of pieces(step.text, cuts)) answers.push(engine.ingest(piece));
  }
  await Promise.all(answers);
  return known;
}

async function resultOf(engine: Engine, { firings, badLines, added }: Gathered): Promise<Result> {
  const { groups, named, status } = await engine.metrics();
  // Those parts are beyond the reference: heartbeats of the plan, and sources.
  const {
    timeCouldFire: _,
    submitting: __,
    queued: ________,
    retrying: ______,
    lostJobs: ___,
    earliest: ____,
    latest: _____,
    logLag: _______,
    ...compared
  } = status;
  const active = await Promise.all([...groups.keys()].map((_name, group) => engine.activeJobs(group)));
  return {
    firings,
    metrics: [...groups],
    named: [...named],
    active: active.map(inOrder),
    badLines,
    added,
    status: compared,
  };
}

export async function runNative(
  { plan, steps }: Case,
  cuts: Cuts = [],
  addon: Addon = testAddon(),
): Promise<Result> {
  const gathered = new Gathered();
  const compiled = compile(plan);
  const engine = new Engine(compiled, gathered.listener, { addon });
  try {
    await perform(engine, steps, cuts, gathered, compiled.metrics.length);
    return await resultOf(engine, gathered);
  } finally {
    engine.close();
  }
}

/** In bytes. Most cases have several segments. */
const SEGMENT_SIZE = 1000;

/** Waits a while for a checkpoint after the first segments. */
async function hasCheckpoint(log: string): Promise<void> {
  const files = () => readdirSync(log);
  for (let tries = 0; tries < 20 && files().length > 2; tries++) {
    if (files().some((name) => name.endsWith('.checkpoint'))) return;
    await setTimeout(2);
  }
}

/**
 * The same with a log in `folder`: one engine performs the steps before `cut`, and another one, which takes in the log of
 * the first, the other steps: from a checkpoint where there is one. A line that is not whole at the cut is lost with the first engine, so a step must end before.
 */
export async function runRestored(
  { plan, steps }: Case,
  cut: number,
  folder: string,
): Promise<Result & { readonly checkpoint: number }> {
  const gathered = new Gathered();
  const compiled = compile(plan);
  const addon = testAddon();
  const log = join(folder, 'log');
  const first = new Engine(compiled, gathered.listener, { addon, log, segmentSize: SEGMENT_SIZE });
  let metrics = compiled.metrics.length;
  try {
    metrics = await perform(first, steps.slice(0, cut), [], gathered, metrics);
    await hasCheckpoint(log);
  } finally {
    first.close();
  }
  const before = [...gathered.firings];
  const second = new Engine(compiled, gathered.listener, { addon, log, restore: log });
  try {
    const { firings, checkpoint } = await second.restore();
    gathered.firings.length = 0;
    for (const { firing } of firings) gathered.listener.firing(firing);
    expect(gathered.firings).toEqual(before);
    await perform(second, steps.slice(cut), [], gathered, metrics);
    return { ...(await resultOf(second, gathered)), checkpoint };
  } finally {
    second.close();
  }
}

/** The addon under test: the one of node-gyp, or the one that ENSEMBLE_TEST_ADDON names. */
export function testAddon(): Addon {
  return loadAddon(process.env.ENSEMBLE_TEST_ADDON || undefined);
}
