/** `prune`: cancels the job of the event when it is worse than its peers. */

import { z } from 'zod';
import { ActionError } from '../../errors.js';
import { text } from '../../language/shapes.js';
import { jobsOfTrigger } from '../../language/triggers/catalog.js';
import { formatJobId } from '../../model/job-id.js';
import { DIRECTIONS, type Direction } from '../../model/search.js';
import { quote } from '../../text/describe.js';
import { choices } from '../../text/suggest.js';
import { defineAction } from '../define.js';
import { actionKey, countKey } from '../keys.js';
import { describeOrigin, ruleIndex } from '../request.js';
import type { PruneOptions } from './pruners.js';
import { COMPARISONS, type Comparison } from './pruning.js';

const FOR_TELLS = 'the action prune is for rules with the trigger job-tell';
const NAMES = Object.keys(COMPARISONS) as [Comparison, ...Comparison[]];

/** The types of the kind `prune`. */
export interface PruneKind {
  readonly data: PruneOptions & {
    readonly by: Comparison;
    /** Name of the number that jobs tell. */
    readonly of: string;
    /** Name of the number of the step that they tell with it; null for the number of the tell. */
    readonly step: string | null;
  };
  readonly report: {
    readonly group: string;
    readonly job: string;
    readonly of: string;
    readonly value: number;
    readonly step: number;
  };
}

declare module '../../model/action.js' {
  interface ActionKinds {
    prune: PruneKind;
  }
}

const byKey = actionKey<Comparison, Comparison, true>({
  shape: z.enum(NAMES, { error: `must be ${choices(NAMES)}` }),
  description: 'How jobs are compared: with the median of a step, or by asynchronous successive halving',
  required: true,
  read: (by, place) => {
    if (by === null) place.missing(`${place.action} needs 'by': ${choices(NAMES)}`);
    return by ?? undefined;
  },
});

const ofKey = actionKey<string, string, true>({
  shape: text(),
  description: 'The name of the number that jobs tell',
  required: true,
  read: (of, place) => {
    if (of === null) place.missing(`${place.action} needs the name of a value that jobs tell`);
    return of ?? undefined;
  },
});

const stepKey = actionKey<string, string | null, false>({
  shape: text(),
  description:
    'The name of the number of the step, which jobs tell with it; the number of the tell when absent',
  required: false,
  read: (step) => step,
});

const directionKey = actionKey<Direction, Direction, false>({
  shape: z.enum(DIRECTIONS, { error: 'must be minimize or maximize' }),
  description: 'Whether smaller or larger values are better',
  default: 'minimize',
  required: false,
  read: (direction) => direction ?? 'minimize',
});

export const prune = defineAction({
  name: 'prune',
  description:
    'Cancels the job of the event, a tell, when the value `of` that it told is worse than those of its peers at the same `step`.',
  keys: {
    by: byKey,
    of: ofKey,
    step: stepKey,
    direction: directionKey,
    warmup: countKey('Steps in which `median` cancels no job; 1 when absent', 0),
    peers: countKey(
      'Jobs that must have told a value at the step before `median` cancels one; 5 when absent',
    ),
    first: countKey('The first step at which `asha` compares jobs; 1 when absent'),
    reduction: countKey('At each of its steps, `asha` lets one job of this number go on; 3 when absent'),
  },
  resolve: ({ by, of, step, direction, warmup, peers, first, reduction }, at) => {
    if (!at('by').onJob) at('by').error(FOR_TELLS);
    if (reduction === 1) at('reduction').error('must be 2 or more');
    const numbers = { warmup: warmup ?? 1, peers: peers ?? 5, first: first ?? 1, reduction: reduction ?? 3 };
    return { by, of, step, direction, ...numbers };
  },
  runsUserCode: false,
  mayGrow: false,
  needsHeartbeat: false,
  quiet: true,
  external: false,
  wantsEvent: () => true,
  target: (_action, { trigger }) => ({ kind: 'group', group: jobsOfTrigger(trigger)?.group ?? null }),
  words: {
    planned: ({ by, of }) => `prune the event's job by the ${by} of ${of}`,
    drawn: ({ by }) => `prune by ${by}`,
    line: ({ group, job, of, value, step }) => ({
      what: `prune ${group}`,
      note: `job ${job}: ${of} ${value} at step ${step}`,
    }),
    done: ({ group, job }) => `canceled job ${job} of ${group}`,
  },
  perform: async (context, request) => {
    const { action, event, origin } = request;
    const rule = ruleIndex(request);
    if (event === null || event.name !== 'memo') {
      throw new ActionError(`${describeOrigin(request)}: ${FOR_TELLS}`, rule);
    }
    const { of, step: stepName } = action;
    const group = event.group ?? '';
    const numbers = context.config.groups.get(group)?.tells.numbers ?? [];
    const missing = [of, ...(stepName === null ? [] : [stepName])].find((name) => !numbers.includes(name));
    if (missing !== undefined) {
      const hint = `add it to 'tell' of group ${quote(group)}`;
      throw new ActionError(
        `${describeOrigin(request)}: jobs do not tell the number ${quote(missing)}; ${hint}`,
        rule,
      );
    }
    const value = event.context?.[of];
    if (typeof value !== 'number') return;
    const told = stepName === null ? null : event.context?.[stepName];
    if (told !== null && typeof told !== 'number') return;
    const step = context.prunings.of(rule, action).judge(event.job, told, value);
    if (step === null) return;
    const by = origin.kind === 'rule' ? `pruned by rule '${origin.rule.title}'` : describeOrigin(request);
    context.searches.prune(group, event.job);
    if ((await context.member.cancel([event.job], by)) === 0) return;
    request.report({ kind: 'prune', group, job: formatJobId(event.job), of, value, step });
  },
});
