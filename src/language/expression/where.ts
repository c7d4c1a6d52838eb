/**
 * The meaning of an expression for a row of a table. Names are those of columns. As in the conditions of rules, a value
 * may be unknown; the result is then unknown too, unless `and` or `or` can decide without it.
 */

import type { Comparison } from '../../model/condition.js';
import { quote } from '../../text/describe.js';
import { attempt, FaultError, type Result } from '../../text/result.js';
import { parseExpression } from './parser.js';
import { CALCULATE, COMPARE, type Expression } from './syntax.js';

/** A column of a table whose rows are of the type `R`. NaN and null are unknown values. */
export interface WhereColumn<R> {
  /** `any`: a number in some rows, a text in others. */
  readonly kind: 'number' | 'text' | 'any';
  number(row: R): number;
  text(row: R): string | null;
}

/** The columns that an expression may name, and its words. */
export interface WhereColumns<R> {
  /** Null for an unknown name. */
  find(name: string): WhereColumn<R> | null;
  /** A hint at other names, to end a message. */
  hint(name: string): string;
  /** A column of the kind `any` in words: `a parameter`. */
  readonly any: string;
  /** A row in words: `one job`. */
  readonly one: string;
}

/** A part of an expression. NaN and null are unknown values. */
type Part<R> =
  | { readonly type: 'number'; readonly number: (row: R) => number }
  | { readonly type: 'text'; readonly text: (row: R) => string | null }
  /** A number in some rows, a text in others. */
  | {
      readonly type: 'any';
      readonly number: (row: R) => number;
      readonly text: (row: R) => string | null;
    }
  | { readonly type: 'truth'; readonly truth: (row: R) => boolean | null };

type Binary = Expression & { readonly kind: 'binary' };

const TRUTH = 'a comparison, which is true or false';

/** Returns whether a row satisfies the expression; a row for which this is unknown does not. Never throws. */
export function compileWhere<R>(text: string, columns: WhereColumns<R>): Result<(row: R) => boolean> {
  const parsed = parseExpression(text);
  if (!parsed.ok) return parsed;
  return attempt(() => {
    const compiler = new Compiler(columns);
    const part = compiler.part(parsed.value);
    if (part.type !== 'truth') {
      throw new FaultError(
        parsed.value.at,
        `this is ${compiler.words(part)}; compare it with something, like '... > 5'`,
      );
    }
    return (row: R) => part.truth(row) === true;
  });
}

class Compiler<R> {
  readonly #columns: WhereColumns<R>;

  constructor(columns: WhereColumns<R>) {
    this.#columns = columns;
  }

  words({ type }: Part<R>): string {
    if (type === 'any') return this.#columns.any;
    return type === 'truth' ? TRUTH : `a ${type}`;
  }

  part(expression: Expression): Part<R> {
    switch (expression.kind) {
      case 'number':
        return { type: 'number', number: () => expression.value };
      case 'text':
        return { type: 'text', text: () => expression.value };
      case 'name':
        return this.#name(expression);
      case 'call':
        throw new FaultError(
          expression.at,
          `${quote(expression.name)} is a function of metrics, not of ${this.#columns.one}`,
        );
      case 'unary':
        return this.#unary(expression);
      case 'binary':
        return this.#binary(expression);
    }
  }

  #name({ name, at }: Expression & { readonly kind: 'name' }): Part<R> {
    const column = this.#columns.find(name);
    if (column === null) throw new FaultError(at, `unknown name ${quote(name)}${this.#columns.hint(name)}`);
    return {
      type: column.kind,
      number: (row: R) => column.number(row),
      text: (row: R) => column.text(row),
    } as Part<R>;
  }

  #unary({ operator, operand }: Expression & { readonly kind: 'unary' }): Part<R> {
    if (operator === '-') {
      const number = this.#number(operand, operator);
      return { type: 'number', number: (row) => -number(row) };
    }
    const truth = this.#truth(operand, operator);
    return {
      type: 'truth',
      truth: (row) => {
        const value = truth(row);
        return value === null ? null : !value;
      },
    };
  }

  #binary(expression: Binary): Part<R> {
    const { operator, left, right } = expression;
    switch (operator) {
      case 'and':
      case 'or':
        return this.#logic(expression, operator === 'or');
      case '+':
      case '-':
      case '*':
      case '/': {
        const a = this.#number(left, operator);
        const b = this.#number(right, operator);
        const calculate = CALCULATE[operator];
        return { type: 'number', number: (row) => calculate(a(row), b(row)) };
      }
      default:
        return this.#comparison(expression, operator);
    }
  }

  /** `decisive` is the value of one side that decides the result: true for `or`. */
  #logic({ operator, left, right }: Binary, decisive: boolean): Part<R> {
    const a = this.#truth(left, operator);
    const b = this.#truth(right, operator);
    return {
      type: 'truth',
      truth: (row) => {
        const first = a(row);
        if (first === decisive) return decisive;
        const second = b(row);
        if (second === decisive) return decisive;
        return first === null || second === null ? null : !decisive;
      },
    };
  }

  #comparison({ at, left, right }: Binary, operator: Comparison): Part<R> {
    const a = this.part(left);
    const b = this.part(right);
    if (a.type === 'truth' || b.type === 'truth') {
      throw new FaultError(
        at,
        `'${operator}' compares numbers or texts; join comparisons with 'and' or 'or'`,
      );
    }
    if (a.type === 'text' || b.type === 'text') {
      if (a.type === 'number' || b.type === 'number') {
        throw new FaultError(at, `'${operator}' can't compare ${this.words(a)} with ${this.words(b)}`);
      }
      return sameTexts(at, operator, a.text, b.text);
    }
    const compare = COMPARE[operator];
    return {
      type: 'truth',
      truth: (row) => {
        const [first, second] = [a.number(row), b.number(row)];
        return Number.isNaN(first) || Number.isNaN(second) ? null : compare(first, second);
      },
    };
  }

  #number(expression: Expression, operator: string): (row: R) => number {
    const part = this.part(expression);
    if (part.type === 'number' || part.type === 'any') return part.number;
    throw new FaultError(expression.at, `'${operator}' takes a number; this is ${this.words(part)}`);
  }

  #truth(expression: Expression, operator: string): (row: R) => boolean | null {
    const part = this.part(expression);
    if (part.type === 'truth') return part.truth;
    throw new FaultError(expression.at, `'${operator}' takes ${TRUTH}; this is ${this.words(part)}`);
  }
}

function sameTexts<R>(
  at: number,
  operator: Comparison,
  a: (row: R) => string | null,
  b: (row: R) => string | null,
): Part<R> {
  if (operator !== '==' && operator !== '!=') {
    throw new FaultError(at, `'${operator}' compares numbers only; texts are == or !=`);
  }
  return {
    type: 'truth',
    truth: (row) => {
      const [first, second] = [a(row), b(row)];
      return first === null || second === null ? null : (first === second) === (operator === '==');
    },
  };
}
