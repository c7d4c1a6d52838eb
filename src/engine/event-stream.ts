/** The stream of raw events of an engine: gathered natively, taken in batches by one consumer. */

import { EnsembleError } from '../errors.js';
import type { Addon } from './addon.js';
import { type CommandChannel, closedError } from './command-channel.js';
import { EventBatch, type EventStreamOptions } from './event-batch.js';
import { ItemStream } from './item-stream.js';

/** Events that may wait for the consumer, unless the options say otherwise. */
const CAPACITY = 65_536;

export class EventStream {
  readonly #channel: CommandChannel;
  readonly #addon: Pick<Addon, 'eventNames' | 'firstNamedKind'>;
  /** Names of the groups by index; grows as batches bring names. */
  readonly #groups: string[];
  readonly #namedKinds: string[] = [];
  #stream: ItemStream<EventBatch> | null = null;
  #capacity = CAPACITY;
  #ended = false;

  constructor(
    channel: CommandChannel,
    addon: Pick<Addon, 'eventNames' | 'firstNamedKind'>,
    groups: string[],
  ) {
    this.#channel = channel;
    this.#addon = addon;
    this.#groups = groups;
  }

  /** Whether there is a consumer. */
  get hasConsumer(): boolean {
    return this.#stream !== null;
  }

  /** A consumer, which counts as one from its first `next()` on. A second one at that time throws EnsembleError. */
  open(options: EventStreamOptions): AsyncGenerator<EventBatch, void, void> {
    const stream = new ItemStream<EventBatch>({
      take: () => {
        if (this.#stream !== stream) this.#gather(stream, options);
        return this.#take();
      },
      ended: () => this.#channel.isClosed || this.#ended,
      release: () => {
        if (this.#stream !== stream) return;
        this.#stream = null;
        this.#channel.call((native) => native.gatherEvents(0, false));
      },
    });
    return stream;
  }

  /** Events wait, or the channel is closed. */
  wake(): void {
    this.#stream?.wake();
  }

  /** No more events come: the consumer takes what is left. */
  end(): void {
    this.#ended = true;
    this.wake();
  }

  /** The engine no longer waits for a consumer: events without room are dropped. */
  drop(): void {
    if (this.#stream !== null) this.#channel.call((native) => native.gatherEvents(this.#capacity, false));
  }

  #gather(stream: ItemStream<EventBatch>, options: EventStreamOptions): void {
    if (this.#channel.isClosed) throw closedError();
    if (this.#stream !== null) throw new EnsembleError('ERR_ENGINE', 'events() already has a consumer');
    this.#capacity = options.capacity ?? CAPACITY;
    this.#channel.call((native) => native.gatherEvents(this.#capacity, options.overflow === 'hold'));
    this.#stream = stream;
  }

  #take(): EventBatch | undefined {
    const batch = this.#channel.call((native) => native.takeEvents());
    if (batch === undefined) return undefined;
    // A batch without events may contain names for an earlier consumer.
    this.#namedKinds.push(...batch.newKinds);
    this.#groups.push(...batch.newGroups);
    if (batch.ids.length === 0 && batch.dropped === 0) return undefined;
    return new EventBatch(batch, this.#kindNames(), this.#groups);
  }

  #kindNames(): (kind: number) => string {
    const { eventNames, firstNamedKind } = this.#addon;
    const named = this.#namedKinds;
    return (kind) => (kind < firstNamedKind ? eventNames[kind] : named[kind - firstNamedKind]) ?? 'other';
  }
}
