/** The parts of an expression of `when:`, and the limits of its size. */

import type { Comparison } from '../../model/condition.js';

export const COMPARISONS: readonly Comparison[] = ['<', '<=', '>', '>=', '==', '!='];
export type ArithmeticOperator = '+' | '-' | '*' | '/';
export type LogicOperator = 'and' | 'or';
export type BinaryOperator = Comparison | ArithmeticOperator | LogicOperator;

/**
 * A parsed expression. `at` is the character, counted from 0, at which a part begins; for a binary expression, that
 * of its operator.
 */
export type Expression = { readonly at: number } & (
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'text'; readonly value: string }
  /** A dotted name: of a metric, of a property of the event, or of the ensemble. */
  | { readonly kind: 'name'; readonly name: string; readonly quoted: boolean }
  /** `by` is the parameter by whose values it is divided; null without one. */
  | {
      readonly kind: 'call';
      readonly name: string;
      readonly args: readonly Expression[];
      readonly by: string | null;
    }
  | { readonly kind: 'unary'; readonly operator: '-' | 'not'; readonly operand: Expression }
  | {
      readonly kind: 'binary';
      readonly operator: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
    }
);

/** Precedence of operators, the lowest first. */
export const PRECEDENCE: Readonly<Record<BinaryOperator | 'not' | 'negative', number>> = {
  or: 1,
  and: 2,
  not: 3,
  '<': 4,
  '<=': 4,
  '>': 4,
  '>=': 4,
  '==': 4,
  '!=': 4,
  '+': 5,
  '-': 5,
  '*': 6,
  '/': 6,
  negative: 7,
};

/** The meaning of arithmetic. */
export const CALCULATE: Readonly<Record<ArithmeticOperator, (a: number, b: number) => number>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
};

/** The meaning of comparisons of numbers. */
export const COMPARE: Readonly<Record<Comparison, (a: number, b: number) => boolean>> = {
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
};

/** Limits that no hand-written expression reaches. They also bound the recursion. */
export const MAX_LENGTH = 4096;
export const MAX_DEPTH = 32;
