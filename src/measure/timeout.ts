/** Limits the time of measuring a job. */

/** The run has ended, and does not need the values any more. */
export class Aborted extends Error {}

/**
 * Resolves as the work does, or with null when its time is over: `stop` is then aborted, which makes the work fail. Throws
 * Aborted when the signal is aborted, and the errors of the work.
 */
export async function withTimeout<T>(
  seconds: number,
  signal: AbortSignal,
  work: (stop: AbortSignal) => Promise<T>,
): Promise<T | null> {
  if (signal.aborted) throw new Aborted();
  const stop = new AbortController();
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    stop.abort();
  }, seconds * 1000);
  const onAbort = () => stop.abort();
  signal.addEventListener('abort', onAbort);
  try {
    return await work(stop.signal);
  } catch (error) {
    if (signal.aborted) throw new Aborted();
    if (isLate) return null;
    throw error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}
