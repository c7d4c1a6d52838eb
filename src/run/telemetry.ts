/**
 * Spans of OpenTelemetry: one for the run, and below it one for each firing, from the moment it is due until its action
 * and all that followed from it is done. They exist where the process has set OpenTelemetry up; otherwise its package is
 * not even looked for.
 */

import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Attributes, Context, Span, SpanOptions } from '@opentelemetry/api';
import { kindOfReport } from '../actions/catalog.js';
import { ActionError, type EnsembleError } from '../errors.js';
import type { ActionReport } from '../model/action.js';
import type { Failure } from '../model/failure.js';
import type { Firing } from '../model/firing.js';
import { formatJobId } from '../model/job-id.js';
import type { Count } from '../model/metric-names.js';
import type { EnsembleObserver } from '../model/observer.js';
import type { ResumedRun } from '../model/resumed-run.js';
import type { Retry } from '../model/retry.js';
import { packageVersion } from '../text/package-version.js';
import type { RunResult } from './result.js';

type Api = typeof import('@opentelemetry/api');

const PACKAGE = '@opentelemetry/api';
/** The package keeps what was set up there, for all copies of itself in a process. */
const SET_UP = Symbol.for('opentelemetry.js.api.1');

/** The package, if the process has set it up. It may be near this package, or near the program that runs. */
function apiOfProcess(): Api | null {
  if (!(SET_UP in globalThis)) return null;
  for (const place of [import.meta.url, join(process.cwd(), 'index.js')]) {
    try {
      return createRequire(place)(PACKAGE) as Api;
    } catch {
      // It is not there.
    }
  }
  return null;
}

/** Attributes without those that have no value. */
function attributesOf(values: Readonly<Record<string, string | number | boolean | null>>): Attributes {
  const given = Object.entries(values).filter(([, value]) => value !== null);
  return Object.fromEntries(given.map(([name, value]) => [`flux_ensemble.${name}`, value ?? undefined]));
}

/** The facts of a run that its span has. */
export interface TracedRun {
  readonly id: string;
  readonly name: string;
  /** Null for a run of an object. */
  readonly file: string | null;
}

function outcomeOf({ end, failedJobs, metrics }: RunResult): Attributes {
  const sum = (count: Count) =>
    [...metrics.groups.values()].reduce((all, group) => all + group.count[count], 0);
  return attributesOf({
    ...{
      end,
      firings: metrics.status.firings,
      'jobs.submitted': sum('submitted'),
      'jobs.failed': failedJobs,
    },
    ...{ 'jobs.succeeded': sum('success'), 'jobs.canceled': sum('canceled'), 'jobs.retried': sum('retried') },
  });
}

/** `job-success a: submit b`. */
function titleOf({ askedBy, trigger, name, action, label, resolved }: Firing): string {
  const cause = askedBy === null && trigger !== name ? `${trigger} ${name}` : name;
  return `${resolved ? 'resolved ' : ''}${cause}: ${action ?? 'goto'}${label === null ? '' : ` ${label}`}`;
}

/** A run goes on without spans when an exporter throws. */
function quietly(work: () => void): void {
  try {
    work();
  } catch (cause) {
    process.emitWarning(`OpenTelemetry has no span of the run: ${String(cause)}`);
  }
}

interface RunSpan {
  readonly span: Span;
  /** The context in which the run is the active span. */
  readonly context: Context;
  /** Milliseconds since the epoch. */
  readonly begun: number;
}

export class Telemetry implements EnsembleObserver {
  readonly #api: Api;
  readonly #facts: TracedRun;
  /** Null before the run and after it. */
  #run: RunSpan | null = null;
  readonly #firings = new Map<Firing, Span>();

  private constructor(api: Api, facts: TracedRun) {
    this.#api = api;
    this.#facts = facts;
  }

  /** Null in a process without OpenTelemetry. */
  static ofProcess(facts: TracedRun): Telemetry | null {
    const api = apiOfProcess();
    return api === null ? null : new Telemetry(api, facts);
  }

  /** Begins the span of the run, below the span that is active where this is called. */
  begin(member: string): void {
    quietly(() => {
      const { context, trace } = this.#api;
      const { id, name, file } = this.#facts;
      const attributes = attributesOf({ id, name, file, member });
      const span = this.#start(`run ${name}`, { attributes }, context.active());
      this.#run = { span, context: trace.setSpan(context.active(), span), begun: Date.now() };
    });
  }

  /** Ends all spans. `result` is null for a run that could not begin, `error` for one without an error. */
  end(result: RunResult | null, error: unknown): void {
    const run = this.#run;
    if (run === null) return;
    this.#run = null;
    quietly(() => {
      for (const span of this.#firings.values()) span.end();
      if (result !== null) run.span.setAttributes(outcomeOf(result));
      if (error !== null) this.#failed(run.span, error);
      run.span.end();
    });
    this.#firings.clear();
  }

  resumed({ epoch, lost }: ResumedRun): void {
    this.#run?.span.setAttributes(attributesOf({ resumed: true, epoch, 'jobs.lost': lost }));
  }

  firing(firing: Firing): void {
    const run = this.#run;
    if (run === null) return;
    const { trace, context } = this.#api;
    const due = firing.timestamp * 1000;
    // The time of a simulated member is not that of other spans.
    const startTime = due >= run.begun && due <= Date.now() ? { startTime: new Date(due) } : {};
    const asking = firing.askedBy === null ? undefined : trace.getSpanContext(context.active());
    const links = asking === undefined ? {} : { links: [{ context: asking }] };
    const { rule, name, trigger, algorithm, action, label, group, job, event, value, goto } = firing;
    const attributes = attributesOf({
      ...{ 'rule.index': rule < 0 ? null : rule, 'rule.name': name, 'rule.algorithm': algorithm, trigger },
      ...{ action, label, group, job: job === null ? null : formatJobId(job), event, value, goto },
      ...{ 'firing.number': firing.number, 'asked.by': firing.askedBy },
    });
    const span = this.#start(titleOf(firing), { attributes, ...startTime, ...links }, run.context);
    this.#firings.set(firing, span);
  }

  action(report: ActionReport, firing: Firing): void {
    const text = kindOfReport(report).words.done(report);
    this.#firings.get(firing)?.addEvent('action', attributesOf({ action: report.kind, text }));
  }

  performed(firing: Firing, error: EnsembleError | null): void {
    const span = this.#firings.get(firing);
    if (span === undefined) return;
    this.#firings.delete(firing);
    if (error !== null) this.#failed(span, error);
    span.end();
  }

  paused(paused: boolean, askedBy: string): void {
    this.#run?.span.addEvent(paused ? 'pause' : 'resume', attributesOf({ 'asked.by': askedBy }));
  }

  retry({ group, attempt }: Retry): void {
    this.#run?.span.addEvent('retry', attributesOf({ group, attempt }));
  }

  failure({ group, reason, job }: Failure): void {
    this.#run?.span.addEvent('failure', attributesOf({ group, reason, job: formatJobId(job) }));
  }

  problem(error: EnsembleError): void {
    // An error of a rule's action is in the span of the firing.
    if (!(error instanceof ActionError && error.rule >= 0)) this.#run?.span.recordException(error);
  }

  #start(name: string, options: SpanOptions, parent: Context): Span {
    return this.#api.trace.getTracer('flux-ensemble', packageVersion()).startSpan(name, options, parent);
  }

  #failed(span: Span, error: unknown): void {
    const cause = error instanceof Error ? error : new Error(String(error));
    span.recordException(cause);
    span.setStatus({ code: this.#api.SpanStatusCode.ERROR, message: cause.message });
  }
}
