/** Lines of a journal -> records, with JSON.parse: slow, and easy to understand. */

export type JsonObject = Readonly<Record<string, unknown>>;

export interface ReferenceEvent {
  readonly timestamp: number;
  readonly name: string;
  readonly context: JsonObject | null;
}

export interface ReferenceRecord {
  readonly id: bigint;
  readonly events: readonly ReferenceEvent[];
  readonly jobspec: JsonObject | null;
}

export const sentinel = -1n;
const biggestId = 2n ** 64n - 1n;
const token = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g;

/** A 64-bit id does not fit into the numbers of JSON.parse, so it is made a string first. */
function quoteId(line: string): string {
  let depth = 0;
  let previous = '';
  let beforePrevious = '';
  return line.replace(token, (text) => {
    if (text === '{' || text === '[') depth++;
    if (text === '}' || text === ']') depth--;
    const isId = depth === 1 && previous === ':' && beforePrevious === '"id"' && /^-?\d+$/.test(text);
    beforePrevious = previous;
    previous = text;
    // The letter distinguishes it from a string in the original record.
    return isId ? `"n${text}"` : text;
  });
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readId(value: unknown): bigint | null {
  const digits = typeof value === 'string' ? /^n(-?\d+)$/.exec(value)?.[1] : undefined;
  if (digits === undefined) return null;
  const id = BigInt(digits);
  return id === sentinel || (id >= 0n && id <= biggestId) ? id : null;
}

function readEvent(value: unknown): ReferenceEvent | null {
  if (!isObject(value)) return null;
  const { timestamp, name } = value;
  if (typeof timestamp !== 'number' || !Number.isFinite(timestamp) || timestamp <= 0) return null;
  if (typeof name !== 'string' || name === '') return null;
  const context = isObject(value.context) ? value.context : null;
  if (name === 'finish' && !Number.isInteger(context?.status)) return null;
  if (name === 'exception') {
    const severity = context?.severity;
    const good = Number.isInteger(severity) && (severity as number) >= 0 && (severity as number) <= 7;
    if (!good || typeof context?.type !== 'string') return null;
  }
  return { timestamp, name, context };
}

/** Null for a line that is not a record. */
export function readRecord(line: string): ReferenceRecord | null {
  let value: unknown;
  try {
    value = JSON.parse(quoteId(line));
  } catch {
    return null;
  }
  if (!isObject(value)) return null;
  const id = readId(value.id);
  if (id === null || !Array.isArray(value.events)) return null;
  const { jobspec = null } = value;
  if (jobspec !== null && !isObject(jobspec)) return null;
  const events: ReferenceEvent[] = [];
  for (const entry of value.events) {
    const event = readEvent(entry);
    if (event === null) return null;
    events.push(event);
  }
  return { id, events, jobspec };
}
