/** A reader of server-sent events. */

/** An event as a reader of the stream gets it. */
export interface SentEvent {
  readonly event: string;
  readonly id: string | null;
  // biome-ignore lint/suspicious/noExplicitAny: the data of any event
  readonly data: any;
}

/** Reads a stream of events piece by piece. */
export class EventClient {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #decoder = new TextDecoder();
  #text = '';
  #over = false;

  constructor({ body }: Response) {
    if (body === null) throw new Error('the response has no body');
    this.#reader = body.getReader();
  }

  /** The next event; null at the end. */
  async next(): Promise<SentEvent | null> {
    for (;;) {
      const end = this.#text.indexOf('\n\n');
      if (end < 0) {
        if (this.#over) return null;
        const { done, value } = await this.#reader.read();
        this.#over = done;
        this.#text += this.#decoder.decode(value, { stream: true });
        continue;
      }
      const lines = this.#text.slice(0, end).split('\n');
      this.#text = this.#text.slice(end + 2);
      const field = (name: string) =>
        lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2) ?? null;
      const event = field('event');
      if (event !== null) return { event, id: field('id'), data: JSON.parse(field('data') ?? 'null') };
    }
  }

  /** The events up to the first one that satisfies a condition, which is the last one. */
  async until(last: (event: SentEvent) => boolean): Promise<SentEvent[]> {
    const events: SentEvent[] = [];
    for (;;) {
      const event = await this.next();
      if (event === null) throw new Error(`the stream ended after ${JSON.stringify(events)}`);
      events.push(event);
      if (last(event)) return events;
    }
  }

  cancel(): Promise<void> {
    return this.#reader.cancel();
  }
}
