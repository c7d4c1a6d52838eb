/** Tokens -> expression: recursive descent, one function for each level of precedence. */

import { BY_PARAMETER } from '../../model/metric-names.js';
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
      let by: string | null = null;
      if (this.#take([')']) !== null) return { at, kind: 'call', name, args, by };
      do {
        by = this.#by();
        if (by === null) args.push(this.#or());
      } while (by === null && this.#take([',']) !== null);
      this.#expectClose(at);
      return { at, kind: 'call', name, args, by };
    });
  }

  /** The parameter of `by parameters.T` or `by: parameters.T`, which ends a call; null for another argument. */
  #by(): string | null {
    const [word, second] = this.#tokens.slice(this.#next);
    if (word?.kind !== 'name' || word.quoted || word.value !== 'by') return null;
    const hasColon = second?.kind === 'operator' && second.value === ':';
    if (!hasColon && second?.kind !== 'name') return null;
    this.#next += hasColon ? 2 : 1;
    const token = this.#peek();
    const parameter = token.kind === 'name' ? parameterOfBy(token.value) : null;
    if (parameter === null) {
      throw new FaultError(token.at, "after 'by' stands a parameter of the jobs, like parameters.T");
    }
    this.#next++;
    return parameter;
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

/** The name in `parameters.T`; null for another text. */
export function parameterOfBy(text: string): string | null {
  return text.startsWith(BY_PARAMETER) && text.length > BY_PARAMETER.length
    ? text.slice(BY_PARAMETER.length)
    : null;
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
