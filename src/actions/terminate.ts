/** `terminate`: the end of the run. */

import { defineAction } from './define.js';
import { endedBy } from './request.js';

/** The types of the kind `terminate`. */
export interface TerminateKind {
  readonly data: unknown;
  readonly report: unknown;
}

declare module '../model/action.js' {
  interface ActionKinds {
    terminate: TerminateKind;
  }
}

export const terminate = defineAction({
  name: 'terminate',
  description: 'Ends the ensemble.',
  keys: {},
  resolve: (values) => values,
  runsUserCode: false,
  mayGrow: false,
  needsHeartbeat: false,
  quiet: false,
  external: true,
  wantsEvent: () => false,
  target: () => ({ kind: 'end' }),
  words: {
    planned: () => 'terminate',
    drawn: () => '',
    line: () => ({ what: 'terminate ensemble session' }),
    done: () => 'the run ends',
  },
  perform: async (context, request) => {
    request.report({ kind: 'terminate' });
    context.terminate(endedBy(request));
  },
});
