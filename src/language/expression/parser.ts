/** Tokens -> expression: recursive descent, one function for each level of precedence. */

import { quote } from '../../text/describe.js';
import { attempt, FaultError, type Result } from '../../text/result.js';
import { type Token, tokensOf } from './lexer.js';
import { type BinaryOperator, COMPARISONS, type Expression, MAX_DEPTH, MAX_LENGTH } from './syntax.js';

/** The expression of a text. Never throws. */
export function parseExpression(text: string): Result<Expression> {
  return attempt(() => {
    if (text.length > MAX_LENGTH) {
      throw new FaultError(MAX_LENGTH, `longer than ${MAX_LENGTH} characters; write several rules`);
    }
    return new Parser(tokensOf(text)).whole();
  });
}

const ADDING: readonly string[] = ['+', '-'];
const MULTIPLYING: readonly string[] = ['*', '/'];
const COMPARING: readonly string[] = COMPARISONS;

class Parser {
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  whole(): Expression {
    if (this.#peek().kind === 'end') throw new FaultError(0, 'the condition is empty');
    const expression = this.#or();
    const rest = this.#peek();
    if (rest.kind !== 'end') {
      const hint = rest.kind === 'operator' ? '' : "; is an 'and' missing?";
      throw new FaultError(rest.at, `${describe(rest)} is not expected here${hint}`);
    }
    return expression;
  }

  #peek(): Token {
    return this.#tokens[this.#next] as Token;
  }

  /** Takes the next operator or word if it is one of these. */
  #take(values: readonly string[]): { at: number; value: string } | null {
    const token = this.#peek();
    if ((token.kind !== 'operator' && token.kind !== 'word') || !values.includes(token.value)) return null;
    this.#next++;
    return token;
  }

  #or(): Expression {
    return this.#chain(['or'], () => this.#chain(['and'], () => this.#not()));
  }

  #chain(operators: readonly string[], part: () => Expression): Expression {
    let left = part();
    for (let found = this.#take(operators); found !== null; found = this.#take(operators)) {
      left = binary(found, left, part());
    }
    return left;
  }

  #not(): Expression {
    const found = this.#take(['not']);
    if (found === null) return this.#comparison();
    return this.#deeper(found.at, () => ({
      at: found.at,
      kind: 'unary',
      operator: 'not',
      operand: this.#not(),
    }));
  }

  #comparison(): Expression {
    const left = this.#sum();
    const found = this.#take(COMPARING);
    if (found === null) return left;
    const result = binary(found, left, this.#sum());
    const second = this.#peek();
    if (second.kind === 'operator' && COMPARING.includes(second.value)) {
      throw new FaultError(second.at, "comparisons can't be chained: write 'a < b and b < c'");
    }
    return result;
  }

  #sum(): Expression {
    return this.#chain(ADDING, () => this.#chain(MULTIPLYING, () => this.#factor()));
  }

  #factor(): Expression {
    const minus = this.#take(['-']);
    if (minus !== null) {
      return this.#deeper(minus.at, () => ({
        at: minus.at,
        kind: 'unary',
        operator: '-',
        operand: this.#factor(),
      }));
    }
    const token = this.#peek();
    this.#next++;
    if (token.kind === 'number') return { at: token.at, kind: 'number', value: token.value };
    if (token.kind === 'text') return { at: token.at, kind: 'text', value: token.value };
    if (token.kind === 'operator' && token.value === '(') {
      return this.#deeper(token.at, () => {
        const inner = this.#or();
        this.#expectClose(token.at);
        return inner;
      });
    }
    if (token.kind === 'name') {
      if (this.#take(['(']) !== null) return this.#call(token.value, token.at);
      return { at: token.at, kind: 'name', name: token.value, quoted: token.quoted };
    }
    const after = token.kind === 'end' ? 'the condition ends where' : `${describe(token)} stands where`;
    throw new FaultError(token.at, `${after} a number, a metric or a text is expected`);
  }

  #call(name: string, at: number): Expression {
    return this.#deeper(at, () => {
      const args: Expression[] = [];
      if (this.#take([')']) !== null) return { at, kind: 'call', name, args };
      do args.push(this.#or());
      while (this.#take([',']) !== null);
      this.#expectClose(at);
      return { at, kind: 'call', name, args };
    });
  }

  #expectClose(opened: number): void {
    if (this.#take([')']) !== null) return;
    const token = this.#peek();
    if (token.kind === 'end')
      throw new FaultError(opened, "the parenthesis that opens here has no closing ')'");
    throw new FaultError(token.at, `${describe(token)} stands where ')' is expected`);
  }

  #deeper(at: number, parse: () => Expression): Expression {
    if (++this.#depth > MAX_DEPTH)
      throw new FaultError(at, `nested more than ${MAX_DEPTH} deep; write several rules`);
    const result = parse();
    this.#depth--;
    return result;
  }
}

function binary(
  { at, value }: { at: number; value: string },
  left: Expression,
  right: Expression,
): Expression {
  return { at, kind: 'binary', operator: value as BinaryOperator, left, right };
}

function describe(token: Token): string {
  switch (token.kind) {
    case 'end':
      return 'the end';
    case 'number':
      return `the number ${token.value}`;
    case 'text':
      return `the text ${quote(token.value)}`;
    default:
      return quote(token.value);
  }
}
