/**
 * Runs one test of an ensemble. A script runs the ensemble with its engine, dispatcher and functions on a member
 * with simulated jobs. A recording is replayed.
 */

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { LoadedConfig } from '../config/load.js';
import type { Engine } from '../engine/engine.js';
import { EnsembleError } from '../errors.js';
import type { EndedBy } from '../model/ended-by.js';
import type { Firing } from '../model/firing.js';
import type { MetricsSnapshot } from '../model/metrics.js';
import type { RuleReport } from '../model/rule-report.js';
import type { ScriptLine, TestCase, TestEnd, TestInput } from '../model/test.js';
import { openRecording, type RecordingReader } from '../recording/reader.js';
import { Replay } from '../recording/replay.js';
import { synthesize } from '../recording/synth.js';
import { nothingLeft } from '../run/end-of-run.js';
import { Ensemble } from '../run/ensemble.js';
import type { RunResult } from '../run/result.js';
import { EndlessGuard } from './endless.js';
import { VirtualMember } from './virtual-member.js';

/** A problem during a test that does not concern its expectations. */
export interface TestError {
  /** Seconds from the start of the test. */
  readonly time: number;
  readonly message: string;
  /** Line of the file that caused the problem; null if none did. */
  readonly line: number | null;
}

/** The result of a test run. */
export interface TestRun {
  readonly firings: readonly Firing[];
  readonly metrics: MetricsSnapshot;
  readonly end: TestEnd;
  /** The cause of the end, if it was not reached by itself. */
  readonly by: EndedBy | null;
  /** Reports of the rules, in their order. */
  readonly rules: readonly RuleReport[];
  /** Start of the test, in seconds since the epoch. */
  readonly start: number;
  /** Duration in seconds of the test's virtual time. */
  readonly duration: number;
  readonly errors: readonly TestError[];
  /** Output of functions and programs. */
  readonly output: readonly string[];
}

/**
 * Runs a test. Throws EnsembleError when it can't be completed: a recording or a function can't be loaded, or rules
 * or retries continue without end (`ERR_TEST`).
 */
export function runTest(loaded: LoadedConfig, test: TestCase): Promise<TestRun> {
  const { input } = test;
  return input.kind === 'script' ? new ScriptRun(loaded, input).run() : runRecording(loaded, input);
}

type Script = Extract<TestInput, { kind: 'script' }>;

class ScriptRun {
  readonly #script: Script;
  readonly #member: VirtualMember;
  readonly #ensemble: Ensemble;
  readonly #lines: ScriptLine[];
  readonly #firings: Firing[] = [];
  readonly #errors: TestError[] = [];
  readonly #output: string[] = [];
  readonly #stop = new AbortController();
  readonly #guard: EndlessGuard;
  /** Firings and retries at the last advance of time, if time did not advance as far as requested; otherwise null. */
  #happened: number | null = null;
  #outOfTime = false;

  constructor(loaded: LoadedConfig, script: Script) {
    this.#script = script;
    this.#lines = [...script.lines];
    const { plans, slots, start } = script;
    this.#guard = new EndlessGuard(
      () => this.#time,
      () => this.#stop.abort(),
    );
    const maySubmit = this.#guard.submits.bind(this.#guard);
    this.#member = new VirtualMember({ groups: loaded.config.groups, plans, slots, start, maySubmit });
    this.#ensemble = Ensemble.fromConfig(loaded, {
      member: this.#member,
      observer: {
        firing: (firing) => this.#guard.fired(firing),
        retry: ({ group }) => this.#guard.retried(group),
        output: (line) => this.#output.push(line),
        problem: (error) => this.#trouble(error.message),
      },
    });
  }

  async run(): Promise<TestRun> {
    const firings = this.#collect();
    const running = this.#ensemble.run({ signal: this.#stop.signal });
    // The await below handles its error.
    running.catch(() => {});
    try {
      if (this.#lines.length === 0) this.#member.expectsMore = false;
      while (await this.#step()) {}
      const result = await running;
      await firings;
      return this.#resultOf(result);
    } finally {
      await this.#ensemble.close();
    }
  }

  get #time(): number {
    return this.#member.now() - this.#script.start;
  }

  async #collect(): Promise<void> {
    // Each snapshot is as large as the ensemble and is not needed any more.
    for await (const firing of this.#ensemble.firings()) this.#firings.push({ ...firing, metrics: null });
  }

  #trouble(message: string, line: number | null = null): void {
    this.#errors.push({ time: this.#time, message, line });
  }

  /** Advances time to the next event, and handles it. Returns false when the run has ended. */
  async #step(): Promise<boolean> {
    if (!(await this.#settled())) return false;
    this.#lookIfIdle();
    const { clock } = this.#member;
    const engine = this.#member.engine as Engine;
    const limit = this.#script.start + this.#script.until;
    const line = this.#lines[0];
    const lineTime = line === undefined ? Number.POSITIVE_INFINITY : this.#script.start + line.time;
    const next = Math.min(clock.next, lineTime);
    if (next === Number.POSITIVE_INFINITY) {
      // The ensemble detects this state too, and ends.
      if (nothingLeft(await engine.status())) return false;
    }
    const until = Math.min(next, limit);
    const { happened } = this.#guard;
    const reached = until > clock.now() ? await engine.advance(until) : until;
    clock.set(reached);
    this.#happened = reached < until ? happened : null;
    if (reached < until) return true;
    if (next > limit) {
      this.#outOfTime = true;
      this.#stop.abort();
      return false;
    }
    if (clock.next <= next) clock.ring();
    else if (line !== undefined) await this.#happen(line, engine);
    return true;
  }

  /**
   * Reports a problem if time advanced less than requested although nothing happened: there were too many moments
   * in between.
   */
  #lookIfIdle(): void {
    if (this.#happened !== this.#guard.happened) return;
    const { rules, heartbeat } = this.#ensemble.config;
    const beats = rules.flatMap(({ trigger, title }, index) =>
      trigger.kind === 'interval'
        ? [{ every: trigger.seconds, what: `the interval of rule '${title}' (rules[${index}])` }]
        : [],
    );
    beats.push({ every: heartbeat || Number.POSITIVE_INFINITY, what: 'the heartbeat' });
    beats.sort((a, b) => a.every - b.every);
    this.#guard.idled(beats[0]?.what ?? '');
  }

  async #happen(line: ScriptLine, engine: Engine): Promise<void> {
    this.#lines.shift();
    const { scriptEvent } = line;
    try {
      if (scriptEvent.kind === 'heartbeat') await engine.tick(this.#member.now());
      else this.#member.apply(scriptEvent);
    } catch (error) {
      if (!(error instanceof EnsembleError)) throw error;
      this.#trouble(`'${line.text}': ${error.message}`, line.line);
    }
    await this.#deliver();
    if (this.#lines.length === 0) this.#member.finishScript();
  }

  /** Waits until all consequences of events at this time are handled. Returns false when the run has ended. */
  async #settled(): Promise<boolean> {
    for (;;) {
      const before = this.#member.deliveries;
      await this.#deliver();
      if (!(await this.#ensemble.settled())) return false;
      await this.#deliver();
      if (this.#member.deliveries === before) return true;
    }
  }

  /** The queue may start jobs later in the same turn. */
  async #deliver(): Promise<void> {
    await nextTurn();
    this.#member.flush();
  }

  #resultOf({ end, error, by, rules, metrics }: RunResult): TestRun {
    if (this.#guard.error !== null) throw this.#guard.error;
    if (end === 'failed' && error !== null) throw error;
    return {
      firings: this.#firings,
      metrics,
      end: this.#outOfTime || end === 'interrupted' || end === 'failed' ? 'until' : end,
      by,
      rules,
      start: this.#script.start,
      duration: this.#time,
      errors: this.#errors,
      output: this.#output,
    };
  }
}

async function runRecording(loaded: LoadedConfig, input: Exclude<TestInput, Script>): Promise<TestRun> {
  const firings: Firing[] = [];
  const errors: TestError[] = [];
  const reader = input.kind === 'recording' ? await openRecording(input.path) : syntheticReader(input);
  const replay = new Replay(reader, {
    config: loaded.config,
    firing: (firing) => firings.push(firing),
    decodeError: ({ line, reason }) =>
      errors.push({
        time: 0,
        message: `line ${line} of the recording is not a record: ${reason}`,
        line: null,
      }),
  });
  const { end, error, by, rules, metrics } = await replay.run();
  if (error !== null) throw error;
  const { earliest, latest } = metrics.status;
  return {
    firings,
    metrics,
    end: end === 'terminated' ? 'terminated' : 'idle',
    by,
    rules,
    start: earliest,
    duration: latest - earliest,
    errors,
    output: [],
  };
}

function syntheticReader({ settings }: Extract<TestInput, { kind: 'synth' }>): RecordingReader {
  const given = Object.entries(settings).filter(([, value]) => value !== undefined);
  return {
    name: 'the synthetic recording',
    size: null,
    bytesRead: 0,
    async *pieces() {
      yield* synthesize({ ...Object.fromEntries(given), groups: settings.groupNames.length });
    },
  };
}
