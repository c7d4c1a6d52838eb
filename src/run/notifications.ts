/** The notifications of a run: what its events say to the targets of the file. */

import { hostname } from 'node:os';
import { tagValues } from '../actions/tag-values.js';
import type { EnsembleError } from '../errors.js';
import { fillText, isTemplate, type Lookup } from '../language/template.js';
import type { EnsembleConfig } from '../model/ensemble.js';
import type { Failure } from '../model/failure.js';
import { formatJobId } from '../model/job-id.js';
import type { MetricsSnapshot } from '../model/metrics.js';
import type { Message, NotifiedRun, NotifyEvent, NotifyTarget } from '../model/notification.js';
import { given } from '../model/written.js';
import { Notifier } from '../notify/notifier.js';
import { counted } from '../text/counted.js';
import { duration } from '../text/duration.js';
import type { RunEnd } from './end-of-run.js';
import type { RunResult } from './result.js';

const DEFAULT_WAIT = 10;
/** Reasons of failures in the message of the end. */
const MOST_REASONS = 5;

const ENDS: Readonly<Record<RunEnd, string>> = {
  idle: 'has ended',
  terminated: 'was ended by a rule or a request',
  interrupted: 'was interrupted and can be resumed',
  stopped: 'was stopped by an error',
  failed: 'has failed',
};

export interface NotificationsOptions {
  readonly config: EnsembleConfig;
  readonly id: string;
  readonly name: string;
  /** Nothing is sent. */
  readonly silent: boolean;
  state(): string | null;
  metrics(): Promise<MetricsSnapshot>;
  problem(error: EnsembleError): void;
}

export class Notifications {
  readonly #options: NotificationsOptions;
  readonly #run: NotifiedRun;
  readonly #targets: readonly NotifyTarget[];
  readonly #notifier: Notifier;
  /** Messages whose texts wait for metrics. */
  readonly #preparing = new Set<Promise<void>>();

  constructor(options: NotificationsOptions) {
    const { config, id, name, silent } = options;
    this.#options = options;
    this.#run = { id, name, file: config.file, host: hostname() };
    this.#targets = silent ? [] : config.notify;
    this.#notifier = new Notifier(this.#targets, {
      run: this.#run,
      problem: (error) => options.problem(error),
    });
  }

  /** Reports targets whose secrets are missing. */
  begin(): void {
    this.#notifier.check();
  }

  failure({ group, reason, job, line, again, canceled }: Failure): void {
    const word = canceled ? 'was canceled' : again ? 'has failed and is submitted again' : 'has failed';
    const text = `Job ${formatJobId(job)} of ${group} ${word}: ${reason}${line === null ? '' : `\n${line}`}`;
    this.#send('failure', `a job of ${group} ${word}`, text, { group, reason, job: formatJobId(job) });
  }

  /** Problems of notifications are not sent: they would lead to others. */
  problem({ code, message }: EnsembleError): void {
    if (code !== 'ERR_NOTIFY') this.#send('problem', 'a problem', message, { error: message });
  }

  state(state: string | null): void {
    this.#send('state', `state ${state}`, `The ensemble has gone to the state ${state}.`, {});
  }

  resumed(): void {
    this.#send('resumed', 'resumed', 'Another process goes on with the run.', {});
  }

  /** Sends the message of an action. Resolves as `notify` of an action's context. */
  action(target: string, { title, text }: Pick<Message, 'title' | 'text'>, rule: number): Promise<boolean> {
    const message: Message = { kind: 'action', title: this.#titled(title), text, details: this.#details({}) };
    return this.#notifier.post(target, message, `action ${rule}`);
  }

  /** Sends the end of the run, waits for what is left, and reports what was not delivered. */
  async end(result: RunResult, seconds = DEFAULT_WAIT): Promise<void> {
    const { end, error, failedJobs: failed, metrics } = result;
    let jobs = 0;
    for (const { count } of metrics.groups.values()) jobs += count.submitted - count.retried;
    const facts = `${counted(jobs, 'job')}, ${failed} failed`;
    const { earliest, latest } = metrics.status;
    const took = latest > earliest ? ` after ${duration(latest - earliest)}` : '';
    const text = [
      `The run ${this.#run.id} ${ENDS[end]}${took}: ${facts}.`,
      ...(error === null ? [] : [error.message]),
      ...reasonLines(result.failures),
    ].join('\n');
    const details = { end, error: error?.message ?? null, jobs, failed };
    this.#send('end', `${ENDS[end]}, ${facts}`, text, details, metrics);
    await Promise.all(this.#preparing);
    await this.#notifier.close(seconds);
  }

  /** Gives up what is left. Idempotent. */
  abort(): void {
    this.#notifier.abort();
  }

  #titled(title: string): string {
    return `${this.#run.name}: ${title}`;
  }

  #details(details: Message['details']): Message['details'] {
    return { ...details, state: this.#options.state() };
  }

  #send(
    kind: NotifyEvent,
    title: string,
    text: string,
    details: Message['details'],
    metrics: MetricsSnapshot | null = null,
  ): void {
    const message = { kind, title: this.#titled(title), text, details: this.#details(details) };
    // A run has one end, and a process resumes once.
    const key = kind === 'end' || kind === 'resumed' ? null : kind;
    for (const target of this.#targets) {
      if (!target.on.includes(kind)) continue;
      const needsMetrics = [target.title, target.text].some((own) => own?.includes('metrics.'));
      if (!needsMetrics || metrics !== null) {
        void this.#notifier.post(target.name, filledIn(target, message, this.#run, metrics), key);
        continue;
      }
      const preparing = this.#options
        .metrics()
        .catch(() => null)
        .then((now) => {
          void this.#notifier.post(target.name, filledIn(target, message, this.#run, now), key);
        })
        .finally(() => this.#preparing.delete(preparing));
      this.#preparing.add(preparing);
    }
  }
}

/** The most frequent reasons of failures. */
function reasonLines(failures: RunResult['failures']): string[] {
  const all = [...failures].flatMap(([group, { reasons }]) =>
    reasons.map((reason) => ({ group, ...reason })),
  );
  all.sort((a, b) => b.count - a.count);
  const lines = all
    .slice(0, MOST_REASONS)
    .map(({ group, count, reason, lines: [line] }) =>
      [`${count} of ${group}`, reason, ...(line === undefined ? [] : [line])].join(': '),
    );
  const more = all.length - lines.length;
  return more === 0 ? lines : [...lines, `and ${counted(more, 'other reason')}`];
}

/** The message with the texts of the target. A value that is unknown at the moment is empty. */
function filledIn(
  target: NotifyTarget,
  message: Message,
  run: NotifiedRun,
  metrics: MetricsSnapshot | null,
): Message {
  const { kind, title, text, details } = message;
  const values = new Map<string, string | number | null>(
    Object.entries({
      ...details,
      run: run.name,
      id: run.id,
      file: run.file,
      host: run.host,
      kind,
      title,
      text,
    }),
  );
  const lookup: Lookup = (name) => {
    if (!name.startsWith('metrics.')) return given(values.get(name) ?? '', null);
    try {
      return metrics === null ? '' : tagValues({ state: null, event: null, by: null }, metrics)(name);
    } catch {
      return '';
    }
  };
  const fill = (own: string | null, usual: string) =>
    own === null ? usual : isTemplate(own) ? fillText(own, lookup) : own;
  return { ...message, title: fill(target.title, title), text: fill(target.text, text) };
}
