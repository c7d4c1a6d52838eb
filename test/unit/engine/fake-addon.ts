/** An addon without native code: a test posts what the engine's thread would deliver. */

import type { Addon, NativeEngine, NativeOutbox } from '../../../src/engine/addon.js';
import { CommandChannel } from '../../../src/engine/command-channel.js';
import { EMPTY_PLAN } from '../../../src/engine/plan/plan.js';

const EMPTY_OUTBOX: NativeOutbox = {
  answers: [],
  firings: [],
  retries: [],
  failures: [],
  submissions: [],
  decodeErrors: [],
  ignoredTells: [],
  idleGroups: [],
  timeRequests: [],
  ruleRequests: [],
  records: null,
  failure: null,
  logFailure: null,
  logProblem: null,
  newGroups: [],
  eventsWaiting: false,
  quiet: false,
};

export interface FakeAddon {
  readonly addon: Addon;
  /** Calls of the native engine: the name of the method and its arguments. */
  readonly calls: readonly (readonly unknown[])[];
  /** Wakes the channel with an outbox. */
  deliver(outbox: Partial<NativeOutbox>): void;
}

/** `refuse` may throw instead of a method of the native engine. */
export function fakeAddon(refuse: (method: string) => void = () => {}): FakeAddon {
  const calls: unknown[][] = [];
  let outbox: NativeOutbox = EMPTY_OUTBOX;
  let wake = () => {};
  const native = new Proxy({} as NativeEngine, {
    get: (_, method: string) => {
      if (method === 'take') return () => outbox;
      return (...args: unknown[]) => {
        refuse(method);
        calls.push([method, ...args]);
      };
    },
  });
  class Engine {
    constructor(_plan: unknown, onWake: () => void) {
      wake = onWake;
      // biome-ignore lint/correctness/noConstructorReturn: the proxy is the native engine
      return native;
    }
  }
  const addon = { Engine, eventNames: ['submit'], firstNamedKind: 1 } as unknown as Addon;
  return {
    addon,
    calls,
    deliver: (parts) => {
      outbox = { ...EMPTY_OUTBOX, ...parts };
      wake();
    },
  };
}

export function fakeChannel(fake: FakeAddon = fakeAddon()): CommandChannel {
  return new CommandChannel(EMPTY_PLAN, fake.addon, null, false);
}
