/** The common parts of `grow` and `shrink`, which change the size of the resources that the jobs run on. */

import { ActionError } from '../errors.js';
import type { ResizeOutcome } from '../members/member.js';
import type { ActionOf } from '../model/action.js';
import type { ActionContext } from './context.js';
import type { ActionTarget, ReportLine } from './define.js';
import { type ActionRequest, ruleIndex } from './request.js';

/** The data and the report of a kind that changes the size. */
export interface ResizeKind {
  /** Slots or nodes. */
  readonly data: {
    readonly value: number;
    /** The size that it does not pass; null for none. */
    readonly bound: number | null;
  };
  readonly report: { readonly value: number } & ResizeOutcome;
}

/** In a graph, all rules that change the size share one node. */
export const resources = (): ActionTarget => ({ kind: 'resources' });

export function resizeLine(name: string, { before, after, note }: ResizeOutcome): ReportLine {
  return { what: name, note: note ?? `from ${before} to ${after}` };
}

/** The performed action; `verb` is the past tense of the action. */
export function resizeDone(verb: string, { before, after, note }: ResizeOutcome): string {
  if (note) return note;
  return before === after ? `no change: the size is ${after}` : `${verb} from ${before} to ${after}`;
}

/** The size after a change, which the bound may stop, but not turn round. */
function within(size: number, by: number, bound: number | null): number {
  if (bound === null) return size + by;
  return by > 0 ? Math.max(size, Math.min(size + by, bound)) : Math.min(size, Math.max(size + by, bound));
}

const REQUESTED_BEFORE: ResizeOutcome = {
  before: null,
  after: null,
  note: 'requested before the run was resumed',
};

/**
 * Changes the size by a number of slots or nodes, which is negative to shrink, but not beyond the bound of the action.
 * Throws ActionError.
 */
export async function resize(
  { member, signal, resized }: ActionContext,
  request: ActionRequest<ActionOf<'grow' | 'shrink'>>,
  by: number,
): Promise<ResizeOutcome> {
  if (member.resize === undefined) {
    throw new ActionError(`the ${member.name} member can't ${request.action.name}`, ruleIndex(request));
  }
  const { size } = member;
  const { progress } = request;
  const { bound } = request.action;
  if (bound !== null && size === undefined) {
    const key = by > 0 ? 'max' : 'min';
    const message = `the size of the ${member.name} member is unknown, so '${key}: ${bound}' can't be kept`;
    throw new ActionError(message, ruleIndex(request));
  }
  const target = size === undefined ? by : within(size, by, bound);
  const before = progress.wantSize(target);
  if (size === undefined) {
    // Its size is unknown, so a repetition could change it twice.
    return before === null ? member.resize(by, signal) : REQUESTED_BEFORE;
  }
  progress.reached(before ?? target);
  const outcome = await member.resize((before ?? target) - size, signal);
  resized();
  if (outcome.after !== null && outcome.after !== (before ?? target)) progress.reached(outcome.after);
  return outcome;
}
