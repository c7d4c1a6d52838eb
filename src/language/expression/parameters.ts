/**
 * Expressions over the parameters of one job: `memory * 2`, `min(nodes + 1, 16)`. Their names are those of the parameters,
 * and `attempt`.
 */

import type { Parameters, ParameterValue } from '../../model/parameters.js';
import { quote } from '../../text/describe.js';
import { type Fault, FaultError, ok, type Result } from '../../text/result.js';
import { choices, didYouMean, thereAre } from '../../text/suggest.js';
import { parseExpression } from './parser.js';
import { type ArithmeticOperator, CALCULATE, type Expression } from './syntax.js';

/** The number of the next try, 1 for the first one after a failed job. */
export const ATTEMPT = 'attempt';

type Type = 'number' | 'text';

/** The types of the values of parameters, by name. */
export type ParameterTypes = ReadonlyMap<string, ReadonlySet<Type>>;

const FUNCTIONS: Readonly<Record<string, (...values: number[]) => number>> = {
  min: Math.min,
  max: Math.max,
  ceil: Math.ceil,
  floor: Math.floor,
  round: Math.round,
};
/** Functions of one value. */
const ROUNDING: ReadonlySet<string> = new Set(['ceil', 'floor', 'round']);

const isArithmetic = (operator: string): operator is ArithmeticOperator => Object.hasOwn(CALCULATE, operator);

export function typeOfParameter(value: ParameterValue): Type {
  return typeof value === 'number' ? 'number' : 'text';
}

/** Checks an expression over parameters with these types. */
export function checkParameterExpression(text: string, types: ParameterTypes): Result<Expression> {
  const parsed = parseExpression(text);
  if (!parsed.ok) return parsed;
  const faults: Fault[] = [];
  typeOf(parsed.value, types, faults);
  return faults.length > 0 ? { ok: false, faults } : ok(parsed.value);
}

/** The type of a part; null after a report of a mistake. */
function typeOf(part: Expression, types: ParameterTypes, faults: Fault[]): Type | null {
  const fault = (message: string): null => {
    faults.push({ at: part.at, message });
    return null;
  };
  const numbers = (parts: readonly Expression[]): Type | null => {
    const wrong = parts.filter((each) => {
      const type = typeOf(each, types, faults);
      if (type === 'text') faults.push({ at: each.at, message: 'this is a text; a number is expected' });
      return type !== 'number';
    });
    return wrong.length > 0 ? null : 'number';
  };
  switch (part.kind) {
    case 'number':
      return 'number';
    case 'text':
      return 'text';
    case 'name': {
      if (part.name === ATTEMPT && !types.has(ATTEMPT)) return 'number';
      const found = types.get(part.name);
      if (found === undefined) {
        const known = [...types.keys(), ATTEMPT];
        const hint = didYouMean(part.name, known) || thereAre(known);
        return fault(`unknown parameter ${quote(part.name)}${hint}; a text stands in quotes`);
      }
      // Numbers may also be passed later, so a parameter of both types is taken for a number.
      return found.has('number') || found.size === 0 ? 'number' : 'text';
    }
    case 'call': {
      const { name, args } = part;
      if (!Object.hasOwn(FUNCTIONS, name)) {
        const known = Object.keys(FUNCTIONS);
        return fault(`unknown function ${quote(name)}${didYouMean(name, known) || thereAre(known)}`);
      }
      if (args.length === 0 || (ROUNDING.has(name) && args.length > 1)) {
        return fault(`${quote(name)} takes ${ROUNDING.has(name) ? 'one number' : 'one number or more'}`);
      }
      return numbers(args);
    }
    case 'unary':
      return part.operator === '-' ? numbers([part.operand]) : fault("'not' has no meaning here");
    case 'binary':
      if (isArithmetic(part.operator)) return numbers([part.left, part.right]);
      return fault(`'${part.operator}' has no meaning here; use ${choices(Object.keys(CALCULATE), 'and')}`);
  }
}

/** The value of an expression. Throws FaultError when a parameter is missing, not a number, or the result is infinite. */
export function parameterValue(text: string, parameters: Parameters, attempt: number): ParameterValue {
  const parsed = parseExpression(text);
  if (!parsed.ok) throw new FaultError(null, `${quote(text)} is invalid`);
  const value = evaluate(parsed.value, (name) => {
    const found = Object.hasOwn(parameters, name) ? parameters[name] : undefined;
    if (found !== undefined) return found;
    if (name === ATTEMPT) return attempt;
    throw new FaultError(null, `the job has no parameter ${quote(name)}`);
  });
  if (typeof value !== 'number' || Number.isFinite(value)) return value;
  throw new FaultError(null, `${quote(text)} has no finite value`);
}

function evaluate(part: Expression, lookup: (name: string) => ParameterValue): ParameterValue {
  const number = (inner: Expression): number => {
    const value = evaluate(inner, lookup);
    if (typeof value === 'number') return value;
    const name = inner.kind === 'name' ? `the parameter ${quote(inner.name)}` : 'a part';
    throw new FaultError(null, `${name} is ${quote(String(value))}, and not a number`);
  };
  switch (part.kind) {
    case 'number':
    case 'text':
      return part.value;
    case 'name':
      return lookup(part.name);
    case 'call':
      return FUNCTIONS[part.name]?.(...part.args.map(number)) ?? Number.NaN;
    case 'unary':
      return -number(part.operand);
    case 'binary':
      if (!isArithmetic(part.operator)) return Number.NaN;
      return CALCULATE[part.operator](number(part.left), number(part.right));
  }
}
