/** The order of a job's events (RFC 21), as far as the engine relies on it. */

export interface JobEvent {
  readonly name: string;
  /** Seconds since the epoch. */
  readonly timestamp: number;
  readonly context: Readonly<Record<string, unknown>>;
}

/** The steps of a job in their order. Other events may come at any time between the first and the last. */
const STEPS = ['submit', 'validate', 'depend', 'alloc', 'start', 'finish', 'release', 'free', 'clean'];
/** Steps that may come again. */
const REPEATED = ['release'];

const has = (events: readonly JobEvent[], name: string) => events.some((event) => event.name === name);

/** An exception that ends the job. */
export const isFatal = ({ name, context }: JobEvent) => name === 'exception' && context.severity === 0;

/** Returns why an event can't follow the earlier ones; null where it can. */
export function faultInOrder(before: readonly JobEvent[], event: JobEvent): string | null {
  const { name, timestamp } = event;
  const last = before.at(-1);
  if (last === undefined) return name === 'submit' ? null : `its first event is ${name}, and not submit`;
  if (has(before, 'clean')) return `${name} comes after clean, which is the last event of a job`;
  if (timestamp < last.timestamp)
    return `the timestamp of ${name} (${timestamp}) is before that of ${last.name} (${last.timestamp})`;
  const step = STEPS.indexOf(name);
  if (step < 0) return null;
  const later = before.find((each) => STEPS.indexOf(each.name) > step);
  if (later !== undefined) return `${name} comes after ${later.name}`;
  if (has(before, name) && !REPEATED.includes(name)) return `${name} comes twice`;
  return faultOfStep(before, name);
}

function faultOfStep(before: readonly JobEvent[], name: string): string | null {
  const started = has(before, 'start');
  const finished = has(before, 'finish');
  if (name === 'finish' && !started) return 'finish comes without start';
  if (name !== 'clean') return null;
  if (started && !finished) return 'clean comes after start without finish';
  if (has(before, 'alloc') && !has(before, 'free')) return 'clean comes after alloc without free';
  if (!finished && !before.some(isFatal)) return 'clean comes without finish and without a fatal exception';
  return null;
}

/** Returns what is wrong with the form of an event; null where it is right. `now` is the time of the member. */
export function faultInForm({ name, timestamp, context }: JobEvent, now: number): string | null {
  if (typeof name !== 'string') return 'an event has no name';
  if (typeof timestamp !== 'number') return `the timestamp of ${name} is not a number`;
  if (Math.abs(timestamp - now) > 86_400)
    return `the timestamp of ${name} (${timestamp}) is not the time in seconds since the epoch (${now})`;
  if (name === 'finish' && !Number.isInteger(context.status))
    return `the context of finish has no status as of wait(2), but is ${JSON.stringify(context)}`;
  if (name !== 'exception') return null;
  const isWhole = typeof context.type === 'string' && Number.isInteger(context.severity);
  return isWhole
    ? null
    : `the context of exception has no type and severity, but is ${JSON.stringify(context)}`;
}
