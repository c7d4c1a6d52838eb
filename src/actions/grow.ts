/** `grow`: adds slots or nodes. */

import { defineAction } from './define.js';
import { countKey } from './keys.js';
import { type ResizeKind, resize, resizeDone, resizeLine, resources } from './resize.js';

/** The types of the kind `grow`. */
export interface GrowKind extends ResizeKind {}

declare module '../model/action.js' {
  interface ActionKinds {
    grow: GrowKind;
  }
}

export const grow = defineAction({
  name: 'grow',
  description: 'Adds `value` (1) slots or nodes.',
  keys: {
    value: countKey('How many nodes; 1 when absent'),
    max: countKey('The largest size that it leads to'),
  },
  resolve: ({ value, max }) => ({ value: value ?? 1, bound: max }),
  runsUserCode: false,
  mayGrow: true,
  needsHeartbeat: true,
  quiet: false,
  external: true,
  wantsEvent: () => false,
  target: resources,
  words: {
    planned: ({ value }) => `grow by ${value}`,
    drawn: ({ value }) => `grow ${value}`,
    line: (report) => resizeLine('grow', report),
    done: (report) => resizeDone('grew', report),
  },
  perform: async (context, request) => {
    const { value } = request.action;
    request.report({ kind: 'grow', value, ...(await resize(context, request, value)) });
  },
});
