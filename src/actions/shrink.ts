/** `shrink`: removes slots or nodes. */

import { defineAction } from './define.js';
import { countKey } from './keys.js';
import { type ResizeKind, resize, resizeDone, resizeLine, resources } from './resize.js';

/** The types of the kind `shrink`. */
export interface ShrinkKind extends ResizeKind {}

declare module '../model/action.js' {
  interface ActionKinds {
    shrink: ShrinkKind;
  }
}

export const shrink = defineAction({
  name: 'shrink',
  description: 'Removes `value` (1) slots or nodes.',
  keys: {
    value: countKey('How many nodes; 1 when absent'),
    min: countKey('The smallest size that it leads to'),
  },
  resolve: ({ value, min }) => ({ value: value ?? 1, bound: min }),
  runsUserCode: false,
  mayGrow: false,
  needsHeartbeat: true,
  quiet: false,
  external: true,
  wantsEvent: () => false,
  target: resources,
  words: {
    planned: ({ value }) => `shrink by ${value}`,
    drawn: ({ value }) => `shrink ${value}`,
    line: (report) => resizeLine('shrink', report),
    done: (report) => resizeDone('shrank', report),
  },
  perform: async (context, request) => {
    const { value } = request.action;
    request.report({ kind: 'shrink', value, ...(await resize(context, request, -value)) });
  },
});
