/** `custom`: a function of the user, which gets the metrics and returns what to do next. */

import { fillValue, type Lookup } from '../language/template.js';
import type { ActionOf } from '../model/action.js';
import { plain } from '../model/written.js';
import { customMetrics } from '../usercode/metrics.js';
import { defineAction } from './define.js';
import { anyValueKey, functionKey, timeoutKey } from './keys.js';
import { tagValues } from './tag-values.js';
import { callCode, customEvent, metricsOf } from './user-code.js';

/** The types of the kind `custom`. */
export interface CustomKind {
  readonly data: {
    /** The function. */
    readonly label: string;
    /** For the function to read; a text may hold tags. */
    readonly value: number | string | null;
    /** Seconds that the function may take. */
    readonly timeout: number;
  };
  readonly report: { readonly label: string };
}

declare module '../model/action.js' {
  interface ActionKinds {
    custom: CustomKind;
  }
}

/** The value for the function, with its tags filled in. Throws what `lookup` throws. */
function filledValue({ value }: ActionOf<'custom'>, lookup: Lookup): string | number | null {
  const filled = typeof value === 'string' ? plain(fillValue(value, lookup)) : value;
  return typeof filled === 'boolean' ? String(filled) : filled;
}

const codeOf = ({ label }: ActionOf<'custom'>) => `custom function '${label}'`;

export const custom = defineAction({
  name: 'custom',
  description:
    'Calls your function `label`, for at most `timeout` (60s), and performs the actions that it returns.',
  keys: { label: functionKey, value: anyValueKey, timeout: timeoutKey },
  resolve: (values) => values,
  runsUserCode: true,
  mayGrow: true,
  needsHeartbeat: false,
  quiet: false,
  external: false,
  wantsEvent: () => true,
  target: ({ label }) => ({ kind: 'code', id: `custom-${label}`, title: `${label}()` }),
  words: {
    planned: ({ label }) => `custom ${label}`,
    drawn: () => 'call',
    line: ({ label }) => ({ what: `custom ${label}` }),
    done: ({ label }) => `called ${label}`,
  },
  code: codeOf,
  perform: async (context, request) => {
    const { rule, firing } = request.origin;
    const snapshot = await metricsOf(context, request);
    const value = filledValue(request.action, tagValues(request, snapshot));
    const action = { ...request.action, value };
    request.report({ kind: 'custom', label: action.label });
    const metrics = customMetrics(snapshot);
    const event = customEvent(request.event);
    return callCode(context, request, {
      code: codeOf(action),
      timeout: action.timeout,
      turn: (work) => context.customs.turn(work),
      work: (_stop, handle, attempt) => {
        const called = { ...firing, attempt };
        return context.customs.call(action.label, { metrics, event, rule, action, firing: called, handle });
      },
    });
  },
});
