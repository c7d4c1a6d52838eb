/** A range of a parameter: `{from: 1, to: 10, step: 3}`. Its values are exact, or the range is refused. */

import { steps } from '../../language/sweep.js';
import type { Values } from '../../model/ensemble.js';
import { MAX_COUNT } from '../../model/limits.js';
import { counted } from '../../text/counted.js';
import type { Path } from '../../text/path.js';
import { describeFaults, failed, ok, type Result } from '../../text/result.js';
import { isLarge } from '../source/as-written.js';
import type { ResolveContext } from './context.js';

type Bound = number | bigint;

export interface RangeShape {
  readonly from?: Bound | undefined;
  readonly to?: Bound | undefined;
  readonly step?: Bound | undefined;
  readonly count?: number | undefined;
  readonly scale?: 'linear' | 'log' | undefined;
}

/** The values of a range; null after a report that they can't be computed. */
export function resolveRange(context: ResolveContext, range: RangeShape, path: Path): Values | null {
  const { problems, shape } = context;
  const refuse = (message: string, key?: string) => {
    problems.error(key === undefined ? path : [...path, key], message);
    return null;
  };
  const { from, to, step, count, scale = 'linear' } = range;
  for (const key of ['from', 'to'] as const) {
    if (range[key] === undefined) {
      return shape.isBroken([...path, key]) ? null : refuse(`'${key}' is missing: a range needs from and to`);
    }
  }
  if (from === undefined || to === undefined) return null;
  if (step === undefined && count === undefined) {
    const broken = shape.isBroken([...path, 'step']) || shape.isBroken([...path, 'count']);
    return broken ? null : refuse("a range needs 'step' or 'count'");
  }
  if (step !== undefined && count !== undefined) return refuse("a range has 'step' or 'count', not both");
  if (step !== undefined && scale === 'log')
    return refuse("a log scale needs 'count' in place of 'step'", 'scale');
  const key = inexactBound(context, range, path);
  if (key !== null) return refuse(`has too many digits for computations; ${LIST}`, key);
  if (isLarge(from) || isLarge(to) || isLarge(step)) {
    const values = largeRange(from, to, step ?? null, count ?? 1, scale);
    return values.ok ? values.value : refuse(describeFaults(values));
  }
  const [first, last] = [Number(from), Number(to)];
  if (step !== undefined) {
    const distance = Number(step);
    if (distance === 0) return refuse('must not be 0', 'step');
    if ((last - first) * distance < 0) return refuse(neverLeads(from, to, step), 'step');
    const values = (last - first) / distance + 1;
    if (!(values <= MAX_COUNT)) return refuse(tooMany(Math.floor(values)));
    return steps(first, last, distance);
  }
  if (scale === 'log' && !(first > 0 && last > 0)) {
    return refuse('a log scale needs from and to above 0', 'scale');
  }
  return { kind: 'spread', from: first, to: last, scale, count: count ?? 1 };
}

const LIST = 'write the values as a list';

const neverLeads = (from: Bound, to: Bound, step: Bound) =>
  `steps of ${step} never lead from ${from} to ${to}`;
const tooMany = (values: number | bigint) => `these are ${values} values; ${MAX_COUNT} at most`;

/** The first of the bounds that loses digits in computations; null when all are exact. */
function inexactBound({ source }: ResolveContext, range: RangeShape, path: Path): string | null {
  for (const key of ['from', 'to', 'step'] as const) {
    const value = range[key];
    const text = source.writtenAs([...path, key]);
    if (typeof value === 'number' && text !== null && losesDigits(value, text)) return key;
  }
  return null;
}

/** Whether a decimal has digits that the number does not keep. */
function losesDigits(value: number, text: string): boolean {
  const digits = (decimal: string) =>
    /^[-+]?([\d.]+)/
      .exec(decimal)?.[1]
      ?.replace('.', '')
      .replace(/^0+|0+$/g, '') ?? '';
  return /^[-+]?[\d.]+(?:[eE][-+]?\d+)?$/.test(text) && digits(text) !== digits(String(value));
}

/** A range of integers beyond the exact numbers. */
function largeRange(
  from: Bound,
  to: Bound,
  step: Bound | null,
  count: number,
  scale: 'linear' | 'log',
): Result<Values> {
  const odd = [from, to, step].find((bound) => typeof bound === 'number' && !Number.isInteger(bound));
  if (odd !== undefined) return failed(`can't be computed exactly with ${odd}; ${LIST}`);
  if (scale === 'log')
    return failed(`a log scale can't be computed exactly with numbers this large; ${LIST}`);
  const [first, last] = [BigInt(from), BigInt(to)];
  if (step === null && count === 1) return ok({ kind: 'integers', from: first, step: 0n, count: 1 });
  const parts = BigInt(count - 1);
  if (step === null && (last - first) % parts !== 0n) {
    return failed(`${counted(count, 'value')} can't be spread from ${from} to ${to} exactly; ${LIST}`);
  }
  const distance = step === null ? (last - first) / parts : BigInt(step);
  if (distance === 0n && step !== null) return failed('the step must not be 0');
  if ((last - first) * distance < 0n) return failed(neverLeads(from, to, distance));
  const values = step === null ? BigInt(count) : (last - first) / distance + 1n;
  if (values > MAX_COUNT) return failed(tooMany(values));
  return ok({ kind: 'integers', from: first, step: distance, count: Number(values) });
}
