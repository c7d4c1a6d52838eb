/**
 * An action without a name, which only goes to another state. Every action may have the key `goto`, so the engine (for
 * a rule) or the dispatcher (for an action that code of the user returned) has gone there before it is performed.
 */

import { defineAction } from './define.js';

/** The types of the kind `goto`. */
export interface GotoKind {
  readonly data: unknown;
  /** The state that code of the user requested. Those of rules are in their firings. */
  readonly report: { readonly state: string };
}

declare module '../model/action.js' {
  interface ActionKinds {
    goto: GotoKind;
  }
}

export const goto = defineAction({
  name: 'goto',
  description: 'Goes to the state `goto`, with or without another action.',
  keys: {},
  resolve: (values) => values,
  runsUserCode: false,
  mayGrow: false,
  needsHeartbeat: false,
  quiet: false,
  external: false,
  wantsEvent: () => false,
  target: () => null,
  words: {
    planned: () => '',
    drawn: () => '',
    line: ({ state }) => ({ what: `go to ${state}` }),
    done: ({ state }) => `went to the state ${state}`,
  },
  perform: async () => {},
});
