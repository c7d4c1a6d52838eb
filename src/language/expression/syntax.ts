/** What an expression of `when:` consists of, and how large one may be. */

import type { Comparison } from '../../model/condition.js';

export const COMPARISONS: readonly Comparison[] = ['<', '<=', '>', '>=', '==', '!='];
export type ArithmeticOperator = '+' | '-' | '*' | '/';
export type LogicOperator = 'and' | 'or';
export type BinaryOperator = Comparison | ArithmeticOperator | LogicOperator;

/** A parsed expression. `at` is the character, counted from 0, at which a part begins; of a binary one its operator's. */
export type Expression = { readonly at: number } & (
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'text'; readonly value: string }
  /** A dotted name: of a metric, or of something that the event or the ensemble has. */
  | { readonly kind: 'name'; readonly name: string; readonly quoted: boolean }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Expression[] }
  | { readonly kind: 'unary'; readonly operator: '-' | 'not'; readonly operand: Expression }
  | {
      readonly kind: 'binary';
      readonly operator: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
    }
);

/** Something wrong with an expression, at a character of it. */
export interface Fault {
  readonly at: number;
  readonly message: string;
}

/** How an expression binds: what stands higher binds less. */
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

/** Nobody writes, or reads, a longer one; and whatever works on one may recurse. */
export const LONGEST = 4096;
export const DEEPEST = 32;
