/** The clauses of a condition, each with its values and whether it holds. */

import type { Comparison, Condition, ConditionStep, ExpressionCondition } from '../model/condition.js';
import { formatMetricName } from '../model/metric-names.js';
import { COMPARE, PRECEDENCE } from './expression/syntax.js';

/** A part of a condition that must hold, because `and` joins the parts. */
export interface Clause {
  /** `count.a.success >= 100` */
  readonly text: string;
  /** Null when it depends on an unknown value, for example on an event. */
  readonly holds: boolean | null;
  /** Values of its metrics by name; null without a value. */
  readonly values: Readonly<Record<string, number | null>>;
  /** The number that its metric is compared with; null for another part. */
  readonly bound: ClauseBound | null;
}

/** The comparison of a metric with a number. */
export interface ClauseBound extends Condition {
  readonly metric: string;
}

/** The values that a condition is evaluated with. */
export interface ClauseFacts {
  /** The value of a metric; null without a value. */
  valueOf(name: string, fromZero: boolean): number | null;
  /** Null for an ensemble without states. */
  readonly state: string | null;
}

type Value = number | string | boolean | null;

interface Node {
  readonly text: string;
  readonly precedence: number;
  readonly value: Value;
  readonly values: Readonly<Record<string, number | null>>;
  /** Parts that `and` joins; empty for another operator. */
  readonly joined: readonly Node[];
  /** Whether the value depends on nothing. */
  readonly constant: boolean;
  /** The metric that the part is; null for another part. */
  readonly metric: string | null;
  readonly bound: ClauseBound | null;
}

const ATOM = 100;

/** The clauses of a condition, in its order. */
export function clausesOf(condition: ExpressionCondition, facts: ClauseFacts): Clause[] {
  return partsOf(condition, facts).map(({ text, value, values, bound }) => ({
    text,
    holds: typeof value === 'boolean' ? value : null,
    values,
    bound,
  }));
}

function partsOf({ text, steps }: ExpressionCondition, facts: ClauseFacts): readonly Node[] {
  const stack: Node[] = [];
  for (const step of steps) stack.push(nodeOf(step, stack, facts));
  const whole = stack.pop();
  if (whole === undefined) return [];
  return whole.joined.length === 0 ? [{ ...whole, text }] : whole.joined;
}

const atom = (text: string, value: Value, values: Node['values'] = {}): Node => ({
  text,
  precedence: ATOM,
  value,
  values,
  joined: [],
  constant: false,
  metric: null,
  bound: null,
});

/** Takes the operands of a step from the stack, and returns the part that the step makes of them. */
function nodeOf(step: ConditionStep, stack: Node[], facts: ClauseFacts): Node {
  switch (step.op) {
    case 'number':
      return { ...atom(String(step.value), step.value), constant: true };
    case 'text':
      return atom(JSON.stringify(step.value), step.value);
    case 'metric': {
      const name = formatMetricName(step.metric);
      const value = facts.valueOf(name, step.fromZero);
      return { ...atom(name, value, { [name]: value }), metric: name };
    }
    case 'state':
      return atom('state', facts.state);
    case 'event.name':
    case 'event.status':
    case 'event.exception.type':
    case 'event.exception.severity':
      return atom(step.op, null);
    case 'number parameter':
    case 'text parameter':
      return atom(`job.parameters.${step.value}`, null);
    case 'number told':
    case 'text told':
      return atom(`event.tell.${step.value}`, null);
    case 'not':
    case 'negative':
    case 'known':
      return unary(step.op, pop(stack));
    default: {
      const right = pop(stack);
      return binary(step.op, pop(stack), right);
    }
  }
}

function pop(stack: Node[]): Node {
  const node = stack.pop();
  if (node === undefined) throw new Error('a condition lacks an operand');
  return node;
}

/** The text of a part, in parentheses where an operator around it binds more tightly. */
const within = ({ text, precedence }: Node, least: number) => (precedence < least ? `(${text})` : text);

function unary(op: 'not' | 'negative' | 'known', operand: Node): Node {
  const { value, values } = operand;
  // The number itself stands for whether it is known.
  if (op === 'known') return { ...operand, value: value !== null, metric: null };
  const precedence = PRECEDENCE[op];
  const text = `${op === 'not' ? 'not ' : '-'}${within(operand, precedence)}`;
  const result = value === null ? null : op === 'not' ? value !== true : -(value as number);
  return { ...atom(text, result, values), precedence, constant: operand.constant };
}

type BinaryStep = Comparison | '+' | '-' | '*' | '/' | 'and' | 'or' | 'same' | 'different';

function binary(op: BinaryStep, left: Node, right: Node): Node {
  const sign = op === 'same' ? '==' : op === 'different' ? '!=' : op;
  const precedence = PRECEDENCE[sign as keyof typeof PRECEDENCE];
  const text = `${within(left, precedence)} ${sign} ${within(right, precedence + 1)}`;
  return {
    ...atom(text, resultOf(op, left.value, right.value), { ...left.values, ...right.values }),
    precedence,
    constant: left.constant && right.constant,
    bound: isComparison(op) ? boundOf(op, left, right) : null,
    joined:
      op === 'and' ? [left, right].flatMap((part) => (part.joined.length > 0 ? part.joined : [part])) : [],
  };
}

/** The comparison with its operands exchanged. */
const FLIPPED: Readonly<Record<Comparison, Comparison>> = {
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
  '==': '==',
  '!=': '!=',
};

const isComparison = (op: BinaryStep): op is Comparison => Object.hasOwn(FLIPPED, op);

function boundOf(comparison: Comparison, left: Node, right: Node): ClauseBound | null {
  if (left.metric === null && right.metric !== null) return boundOf(FLIPPED[comparison], right, left);
  const { metric } = left;
  const threshold = right.constant && typeof right.value === 'number' ? right.value : null;
  return metric === null || threshold === null ? null : { metric, comparison, threshold };
}

function resultOf(op: BinaryStep, a: Value, b: Value): Value {
  if (op === 'and') return a === false || b === false ? false : a === null || b === null ? null : true;
  if (op === 'or') return a === true || b === true ? true : a === null || b === null ? null : false;
  if (a === null || b === null) return null;
  if (op === 'same') return a === b;
  if (op === 'different') return a !== b;
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
    default:
      return COMPARE[op as Comparison](x, y);
  }
}
