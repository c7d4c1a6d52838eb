/** One connection of a run to its service: hello, updates on a timer, actions and their results, goodbye. */

import { basename } from 'node:path';
import type { ClientDuplexStream, ServiceError as GrpcError } from '@grpc/grpc-js';
import type { MetricsSnapshot } from '../../model/metrics.js';
import { isExternal } from '../../run/external-actions.js';
import type { RuleNow } from '../../run/rules-now.js';
import type { Connection } from '../connect.js';
import {
  type EnsemblesClient,
  ensemblesProto,
  type FailuresState,
  type FiringMessage,
  type Goodbye,
  type GroupState,
  type Hello,
  type ProblemMessage,
  type RunMessage,
  type ServiceMessage,
  type Update,
  type ValueState,
} from '../ensembles/proto.js';
import { Changed, ChangedGroups, ChangedObjects, type WaitingItems } from './changes.js';
import { FailurePoll } from './failure-poll.js';
import type { LinkedRun } from './linked-run.js';
import { Pace } from './pace.js';
import { failuresMessage, groupMessage, ruleMessage, totalsMessage, valueMessages } from './wire.js';

/** Maximum groups in one message, which bounds its size. */
const GROUPS_AT_ONCE = 500;

/** Firings and problems of a run that wait to be sent. */
export interface Happenings {
  readonly firings: WaitingItems<FiringMessage>;
  readonly problems: WaitingItems<ProblemMessage>;
}

/** Changed parts that are sent with the last message of an update. */
type ChangedParts = Pick<Update, 'rules' | 'failures' | 'metrics'>;

export class RunStream {
  readonly #run: LinkedRun;
  readonly #happenings: Happenings;
  readonly #groups = new ChangedGroups();
  readonly #rules = new ChangedObjects<RuleNow>();
  readonly #failures = new Changed<FailuresState>(({ group }) => group);
  readonly #metrics = new Changed<ValueState>(({ name }) => name);
  readonly #failurePoll = new FailurePoll();
  readonly #client: EnsemblesClient;
  readonly #call: ClientDuplexStream<RunMessage, ServiceMessage>;
  /** Resolves with the reason of the connection's end, or null after the service received the goodbye. */
  readonly ended: Promise<string | null>;
  onWelcome: () => void = () => {};
  welcomed = false;
  #over = false;
  /** Seconds. */
  #interval = 1;
  #patience = 15;
  #goodbye: Goodbye | null = null;
  #said = 0;
  readonly #pace = new Pace();
  #wake: (() => void) | null = null;
  #draining: Promise<void> | null = null;
  #saidAbout = false;
  /** The last update that was sent, as text. */
  #lastSaid = '';

  constructor(
    { target, credentials, options }: Connection,
    hello: Hello,
    run: LinkedRun,
    happenings: Happenings,
    noAnswer: (error: GrpcError) => string | null,
  ) {
    this.#run = run;
    this.#happenings = happenings;
    this.#client = new (ensemblesProto().Ensembles)(target, credentials, options);
    this.#call = this.#client.Register();
    this.#call.write({ hello });
    this.#call.on('data', (message: ServiceMessage) => this.#take(message));
    this.ended = new Promise<string | null>((resolve) => {
      const end = (reason: string | null) => {
        this.#over = true;
        this.#wake?.();
        this.#client.close();
        resolve(reason);
      };
      this.#call.on('error', (error: GrpcError) => end(noAnswer(error) ?? (error.details || error.message)));
      this.#call.on('end', () => end(this.#goodbye === null ? 'it has ended the connection' : null));
    });
  }

  /** Sends the last changes, and then the goodbye. */
  finish(goodbye: Goodbye): void {
    this.#goodbye = goodbye;
    this.#wake?.();
  }

  cancel(): void {
    this.#call.cancel();
  }

  #take(message: ServiceMessage): void {
    if (message.welcome) {
      this.#interval = Math.max(0.05, message.welcome.interval);
      this.#patience = Math.max(1, message.welcome.patience);
      this.welcomed = true;
      this.onWelcome();
      void this.#tell();
    } else if (message.action) {
      void this.#act(message.action);
    }
  }

  async #act({
    number,
    name,
    label,
    value,
    askedBy,
    parameters = {},
  }: NonNullable<ServiceMessage['action']>): Promise<void> {
    let result: { done: boolean; text: string; before?: number; after?: number };
    try {
      if (!isExternal(name)) throw new Error(`unknown action '${name}' in this version of flux-ensemble`);
      const asked = {
        name,
        ...(label === '' ? {} : { label }),
        ...(value === undefined ? {} : { value }),
        ...(Object.keys(parameters).length === 0 ? {} : { parameters }),
      };
      const { text, before, after } = await this.#run.act(asked, askedBy);
      result = { done: true, text, ...(before === null || after === null ? {} : { before, after }) };
    } catch (error) {
      result = { done: false, text: error instanceof Error ? error.message : String(error) };
    }
    // The state is sent first, so that a caller who learns the result can see its effect.
    if (this.welcomed && !this.#over) await this.#update().catch(() => {});
    if (!this.#over) this.#call.write({ result: { number, ...result } });
  }

  /**
   * Sends updates until the end. A blocked connection skips updates, because the next one contains the latest
   * state.
   */
  async #tell(): Promise<void> {
    while (!this.#over) {
      const last = this.#goodbye;
      try {
        await this.#update();
      } catch {
        // A closed engine has no further updates.
        if (last === null) this.#goodbye ??= { end: 'failed', error: '', by: '' };
      }
      if (this.#over) return;
      if (last !== null) {
        this.#call.write({ goodbye: last });
        this.#call.end();
        return;
      }
      if (this.#goodbye !== null) continue;
      await this.#wait(this.#pace.pause(this.#interval * 1000));
    }
  }

  async #update(): Promise<void> {
    const [metrics, rules = []] = await Promise.all([this.#run.metrics(), this.#run.rules?.()]);
    const failures = await this.#failuresOf(metrics);
    const begun = performance.now();
    const parts: ChangedParts = {
      rules: this.#rules.take(rules).map(ruleMessage),
      failures: this.#failures.take(failures),
      metrics: this.#metrics.take(valueMessages(metrics.named)),
    };
    const groups = this.#groups
      .take(metrics.groups)
      .map(([name, group]) => groupMessage(name, group, metrics.states?.get(name)));
    // The wait for the engine is not counted. Reading its answer takes about as long as this part.
    this.#pace.spent(2 * (performance.now() - begun));
    while (groups.length > GROUPS_AT_ONCE) await this.#say(metrics, groups.splice(0, GROUPS_AT_ONCE), null);
    await this.#say(metrics, groups, parts);
  }

  async #failuresOf(metrics: MetricsSnapshot): Promise<FailuresState[]> {
    const { failures } = this.#run;
    if (failures === undefined) return [];
    const found = await this.#failurePoll.take(failures.bind(this.#run), metrics);
    return [...(found ?? [])].map(([group, ofGroup]) => failuresMessage(group, ofGroup));
  }

  /** The facts that do not change, until they were sent. */
  #about(): Pick<Update, 'about'> | null {
    const { runFolder = null, config } = this.#run;
    if (this.#saidAbout) return null;
    return {
      about: { run: runFolder === null ? '' : basename(runFolder), states: [...(config?.states ?? [])] },
    };
  }

  async #say({ status }: MetricsSnapshot, groups: GroupState[], parts: ChangedParts | null): Promise<void> {
    const { paused, size, state } = this.#run;
    const totals = totalsMessage(status);
    const now = performance.now();
    const said = JSON.stringify([paused, size, state, totals]);
    const { firings, problems } = this.#happenings;
    const nothing = { items: [], dropped: 0 };
    const taken = parts === null ? nothing : firings.take();
    const takenProblems = parts === null ? nothing : problems.take();
    const items = [groups, taken.items, takenProblems.items, ...Object.values(parts ?? {})];
    const news = items.some(({ length }) => length > 0) || said !== this.#lastSaid;
    if (!news && now - this.#said < (this.#patience / 4) * 1000) return;
    this.#said = now;
    this.#lastSaid = said;
    const update = {
      time: Date.now() / 1000,
      state: state ?? '',
      paused,
      ...(size === null ? {} : { size }),
      totals,
      groups,
      ...parts,
      firings: taken.items,
      firingsDropped: taken.dropped,
      problems: takenProblems.items,
      ...this.#about(),
    };
    this.#saidAbout = true;
    if (!this.#over && this.#call.write({ update })) return;
    await this.#drained();
    if (!this.#over) return;
    firings.putBack(taken);
    problems.putBack(takenProblems);
  }

  /** Resolves when the connection accepts more, or has ended. All callers share one promise. */
  #drained(): Promise<void> {
    if (this.#over) return Promise.resolve();
    this.#draining ??= new Promise((resolve) => {
      const done = () => {
        for (const event of ['drain', 'error', 'end']) this.#call.off(event, done);
        this.#draining = null;
        resolve();
      };
      for (const event of ['drain', 'error', 'end']) this.#call.on(event, done);
    });
    return this.#draining;
  }

  async #wait(milliseconds: number): Promise<void> {
    if (this.#over) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = null;
  }
}
