/** Evaluates conditions directly from their steps; null is an unknown value. */

import type { PlanStep } from '../../src/engine/plan/plan.js';
import type { ReferenceEvent } from './journal.js';

export interface ReferenceFacts {
  readonly state: string | null;
  readonly event: ReferenceEvent | null;
  valueOf(metric: number): number | null;
}

type Value = number | string | boolean | null;

function exitCode(event: ReferenceEvent | null): number | null {
  if (event?.name !== 'finish' || event.context === null) return null;
  const status = (event.context.status as number) | 0;
  const signal = status & 0x7f;
  if (signal === 0) return (status >> 8) & 0xff;
  return signal === 0x7f ? null : 128 + signal;
}

function operand(
  { op, value }: PlanStep,
  { state, event, valueOf: read }: ReferenceFacts,
): Value | undefined {
  const exception = event?.name === 'exception' ? event.context : null;
  switch (op) {
    case 'number':
    case 'text':
      return value;
    case 'metric':
      return read(value as number);
    case 'state':
      return state;
    case 'event.name':
      return event?.name ?? null;
    case 'event.status':
      return exitCode(event);
    case 'event.exception.type':
      return (exception?.type as string | undefined) ?? null;
    case 'event.exception.severity':
      return (exception?.severity as number | undefined) ?? null;
    default:
      return undefined;
  }
}

function binary(op: PlanStep['op'], a: Value, b: Value): Value {
  if (op === 'and') return a === false || b === false ? false : a === null || b === null ? null : true;
  if (op === 'or') return a === true || b === true ? true : a === null || b === null ? null : false;
  if (a === null || b === null) return null;
  const [x, y] = [a as number, b as number];
  switch (op) {
    case '+':
      return x + y;
    case '-':
      return x - y;
    case '*':
      return x * y;
    case '/':
      return y === 0 ? null : x / y;
    case '<':
      return x < y;
    case '<=':
      return x <= y;
    case '>':
      return x > y;
    case '>=':
      return x >= y;
    case '==':
    case 'same':
      return a === b;
    default:
      return a !== b;
  }
}

/** Whether the condition certainly holds. */
export function holds(steps: readonly PlanStep[], facts: ReferenceFacts): boolean {
  const stack: Value[] = [];
  const known = (value: Value) => (typeof value === 'number' && Number.isNaN(value) ? null : value);
  for (const step of steps) {
    const value = operand(step, facts);
    if (value !== undefined) stack.push(value);
    else if (step.op === 'known') stack.push(stack.pop() !== null);
    else if (step.op === 'not' || step.op === 'negative') {
      const top = stack.pop() as Value;
      stack.push(top === null ? null : step.op === 'not' ? !top : -(top as number));
    } else {
      const right = stack.pop() as Value;
      const left = stack.pop() as Value;
      stack.push(known(binary(step.op, left, right)));
    }
  }
  return stack[0] === true;
}
