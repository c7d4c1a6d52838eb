/** The conclusion of a run that has come to its end: its jobs end, and its result is put together. */

import type { Engine } from '../engine/engine.js';
import { readRuleReports } from '../engine/rule-report.js';
import type { EnsembleConfig } from '../model/ensemble.js';
import type { RunEnding } from './end-of-run.js';
import type { FailureWatch } from './failure-watch.js';
import type { GuardedMember } from './guarded-member.js';
import type { Performers } from './performers.js';
import { limitsOfRun } from './reached-limits.js';
import { noteEnd } from './restored-run.js';
import { leftJobs, type RunResult } from './result.js';
import type { RulesOfRun } from './rules-of-run.js';
import type { TaskQueue } from './task-queue.js';

export interface ConclusionParts {
  readonly config: EnsembleConfig;
  readonly engine: Engine;
  readonly member: GuardedMember;
  readonly rules: RulesOfRun;
  readonly queue: TaskQueue;
  readonly failures: FailureWatch;
  /** Null when the run has ended before it began. */
  readonly performers: Performers | null;
  /** For rules of a run that had ended when it was resumed: the firings whose action did not begin. */
  readonly unperformed: ReadonlyMap<number, number>;
  /** By group, the jobs that were not submitted because they are done. */
  readonly skipped: RunResult['skipped'];
  /** Seconds that canceled jobs have between SIGTERM and SIGKILL. */
  readonly grace: number;
  /** Reports failures that were held. */
  releaseFailures(): void;
}

/** Returns the result of a run. Another process may go on with the conclusion, so the end is noted first. */
export async function conclude(ending: RunEnding, parts: ConclusionParts): Promise<RunResult> {
  const { engine, member, queue, failures, performers } = parts;
  await noteEnd(engine, ending, parts.unperformed);
  await engine.end();
  // Before the jobs that are canceled at the end count.
  const reports = await engine.rules();
  await queue.settled();
  const left = performers?.dispatcher.unperformed ?? new Map<number, number>();
  const unperformed = left.size > 0 ? left : parts.unperformed;
  if (left.size > 0) await noteEnd(engine, ending, left);
  const rules = readRuleReports(reports, parts.rules.all, engine.names.metrics, unperformed);
  // Before the member releases what it knows of the jobs.
  await failures.settled();
  await member.stop(parts.grace, ending.end === 'interrupted' ? 'interrupted' : 'done');
  await performers?.probes.settled();
  await engine.finishStream();
  const metrics = await engine.metrics();
  const limits = await limitsOfRun(engine, parts.config);
  const leftBehind = await leftJobs(engine, metrics);
  const native = await engine.failures();
  await failures.settled();
  parts.releaseFailures();
  const concluded = failures.conclude(native, metrics);
  const failedJobs = [...concluded.values()].reduce((sum, { failed }) => sum + failed, 0);
  const { requests } = member;
  const searches = performers?.searches.reports ?? [];
  const ended = { ...ending, rules, searches, limits, left: leftBehind, metrics };
  return { ...ended, skipped: parts.skipped, failedJobs, failures: concluded, requests };
}
