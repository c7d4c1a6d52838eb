/**
 * The meaning of an expression for a job. Names are those of columns. As in the conditions of rules, a value may be
 * unknown; the result is then unknown too, unless `and` or `or` can decide without it.
 */

import { EnsembleError } from '../../errors.js';
import { parseExpression } from '../../language/expression/parser.js';
import { COMPARE, type Expression } from '../../language/expression/syntax.js';
import type { Comparison } from '../../model/condition.js';
import { quote } from '../../text/describe.js';
import { FaultError } from '../../text/result.js';
import type { JobTable } from './table.js';

/** A part of an expression. NaN and null are unknown values. */
type Part =
  | { readonly type: 'number'; readonly number: (row: number) => number }
  | { readonly type: 'text'; readonly text: (row: number) => string | null }
  /** A number in some rows, a text in others. */
  | {
      readonly type: 'any';
      readonly number: (row: number) => number;
      readonly text: (row: number) => string | null;
    }
  | { readonly type: 'truth'; readonly truth: (row: number) => boolean | null };

type Binary = Expression & { readonly kind: 'binary' };

const WORDS: Readonly<Record<Part['type'], string>> = {
  number: 'a number',
  text: 'a text',
  any: 'a parameter',
  truth: 'a comparison, which is true or false',
};

const CALCULATE: Readonly<Record<'+' | '-' | '*' | '/', (a: number, b: number) => number>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
};

/**
 * Returns whether a row satisfies the expression; a row for which this is unknown does not. Throws EnsembleError
 * `ERR_RUN` that says what is wrong with the expression, and where.
 */
export function compileWhere(text: string, table: JobTable): (row: number) => boolean {
  const parsed = parseExpression(text);
  if (!parsed.ok) throw invalid(text, parsed.faults[0]);
  try {
    const part = new Compiler(table).part(parsed.value);
    if (part.type !== 'truth') {
      throw new FaultError(
        parsed.value.at,
        `this is ${WORDS[part.type]}; compare it with something, like '... > 5'`,
      );
    }
    return (row) => part.truth(row) === true;
  } catch (error) {
    if (error instanceof FaultError) throw invalid(text, error);
    throw error;
  }
}

function invalid(
  text: string,
  fault: { readonly message: string; readonly at: number | null } | undefined,
): EnsembleError {
  const place = fault?.at === null || fault === undefined ? '' : `, character ${fault.at + 1}`;
  return new EnsembleError('ERR_RUN', `${quote(text)}${place}: ${fault?.message}`);
}

class Compiler {
  readonly #table: JobTable;

  constructor(table: JobTable) {
    this.#table = table;
  }

  part(expression: Expression): Part {
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
          `${quote(expression.name)} is a function of metrics, not of one job`,
        );
      case 'unary':
        return this.#unary(expression);
      case 'binary':
        return this.#binary(expression);
    }
  }

  #name({ name, at }: Expression & { readonly kind: 'name' }): Part {
    const column = this.#table.find(name);
    if (column === null) throw new FaultError(at, `unknown name ${quote(name)}${this.#table.hint(name)}`);
    return {
      type: column.kind,
      number: (row: number) => column.number(row),
      text: (row: number) => column.text(row),
    } as Part;
  }

  #unary({ operator, operand }: Expression & { readonly kind: 'unary' }): Part {
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

  #binary(expression: Binary): Part {
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
  #logic({ operator, left, right }: Binary, decisive: boolean): Part {
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

  #comparison({ at, left, right }: Binary, operator: Comparison): Part {
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
        throw new FaultError(at, `'${operator}' can't compare ${WORDS[a.type]} with ${WORDS[b.type]}`);
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

  #number(expression: Expression, operator: string): (row: number) => number {
    const part = this.part(expression);
    if (part.type === 'number' || part.type === 'any') return part.number;
    throw new FaultError(expression.at, `'${operator}' takes a number; this is ${WORDS[part.type]}`);
  }

  #truth(expression: Expression, operator: string): (row: number) => boolean | null {
    const part = this.part(expression);
    if (part.type === 'truth') return part.truth;
    throw new FaultError(expression.at, `'${operator}' takes ${WORDS.truth}; this is ${WORDS[part.type]}`);
  }
}

function sameTexts(
  at: number,
  operator: Comparison,
  a: (row: number) => string | null,
  b: (row: number) => string | null,
): Part {
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
