/** One connection of a run to its service: hello, updates on a timer, actions and their results, goodbye. */

import type { ClientDuplexStream, ServiceError as GrpcError } from '@grpc/grpc-js';
import { isExternal } from '../../run/external-actions.js';
import type { Connection } from '../connect.js';
import {
  type EnsemblesClient,
  ensemblesProto,
  type Goodbye,
  type GroupState,
  type Hello,
  type RunMessage,
  type ServiceMessage,
} from '../ensembles/proto.js';
import { ChangedGroups, type WaitingFirings } from './changes.js';
import type { LinkedRun } from './linked-run.js';
import { Pace } from './pace.js';
import { groupMessage, totalsMessage } from './wire.js';

/** Maximum groups in one message, which bounds its size. */
const GROUPS_AT_ONCE = 500;

export class RunStream {
  readonly #run: LinkedRun;
  readonly #firings: WaitingFirings;
  readonly #groups = new ChangedGroups();
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
  /** The last update that was sent, as text. */
  #lastSaid = '';

  constructor(
    { target, credentials, options }: Connection,
    hello: Hello,
    run: LinkedRun,
    firings: WaitingFirings,
  ) {
    this.#run = run;
    this.#firings = firings;
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
      this.#call.on('error', (error: GrpcError) => end(error.details || error.message));
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

  async #act({ number, name, label, value, askedBy }: NonNullable<ServiceMessage['action']>): Promise<void> {
    let result: { done: boolean; text: string; before?: number; after?: number };
    try {
      if (!isExternal(name)) throw new Error(`unknown action '${name}' in this version of flux-ensemble`);
      const asked = { name, ...(label === '' ? {} : { label }), ...(value === undefined ? {} : { value }) };
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
    const metrics = await this.#run.metrics();
    const begun = performance.now();
    const groups = this.#groups
      .take(metrics)
      .map(([name, group]) => groupMessage(name, group, metrics.states?.get(name)));
    // The wait for the engine is not counted. Reading its answer takes about as long as this part.
    this.#pace.spent(2 * (performance.now() - begun));
    while (groups.length > GROUPS_AT_ONCE) await this.#say(metrics, groups.splice(0, GROUPS_AT_ONCE), false);
    await this.#say(metrics, groups, true);
  }

  async #say(
    { status }: Awaited<ReturnType<LinkedRun['metrics']>>,
    groups: GroupState[],
    complete: boolean,
  ): Promise<void> {
    const { paused, size, state } = this.#run;
    const totals = totalsMessage(status);
    const now = performance.now();
    const said = JSON.stringify([paused, size, state, totals]);
    const taken = complete ? this.#firings.take() : { firings: [], firingsDropped: 0 };
    const news = groups.length > 0 || taken.firings.length > 0 || said !== this.#lastSaid;
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
      ...taken,
    };
    if (!this.#over && this.#call.write({ update })) return;
    await this.#drained();
    if (this.#over) this.#firings.putBack(taken);
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
