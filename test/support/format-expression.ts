/** Expression -> text that parses to the same expression, with as few parentheses as possible. */

import { type Expression, PRECEDENCE } from '../../src/language/expression/syntax.js';

/** Names without backticks; a keyword needs them. */
const PLAIN = /^(?!(?:and|or|not)$)[\p{L}_](?:[\p{L}\p{N}\p{M}_.]|-(?=[\p{L}\p{N}_-]))*$/iu;

export function formatExpression(expression: Expression): string {
  return write(expression, 0);
}

/** `least` is the lowest precedence without parentheses. */
function write(expression: Expression, least: number): string {
  switch (expression.kind) {
    case 'number':
      return String(expression.value);
    case 'text':
      return expression.value.includes('"') ? `'${expression.value}'` : `"${expression.value}"`;
    case 'name':
      return writeName(expression.name, expression.quoted);
    case 'call': {
      const args = expression.args.map((arg) => write(arg, 0));
      if (expression.by !== null) args.push(`by: parameters.${expression.by}`);
      return `${writeName(expression.name, false)}(${args.join(', ')})`;
    }
    case 'unary': {
      const negative = expression.operator === '-';
      const precedence = PRECEDENCE[negative ? 'negative' : 'not'];
      const operand = write(expression.operand, precedence);
      return within(`${negative ? '-' : 'not '}${operand}`, precedence, least);
    }
    case 'binary': {
      const { operator, left, right } = expression;
      const precedence = PRECEDENCE[operator];
      // Comparisons can't be chained; all other operators are left-associative.
      const comparing = precedence === PRECEDENCE['<'];
      const text = `${write(left, comparing ? precedence + 1 : precedence)} ${operator} ${write(right, precedence + 1)}`;
      return within(text, precedence, least);
    }
  }
}

function writeName(name: string, quoted: boolean): string {
  return !quoted && PLAIN.test(name) ? name : `\`${name.replaceAll('`', '``')}\``;
}

function within(text: string, precedence: number, least: number): string {
  return precedence < least ? `(${text})` : text;
}
