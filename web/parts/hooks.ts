/** Hooks that connect views with stores and with the API. */

import { useEffect, useState } from 'preact/hooks';
import type { Observable } from '../../src/api/client/observable.js';

/** Renders the view again after each change of a store. */
export function useObservable(store: Observable): void {
  const [, again] = useState(0);
  useEffect(() => store.subscribe(() => again((count) => count + 1)), [store]);
}

export interface Loaded<Value> {
  readonly value: Value | null;
  readonly error: Error | null;
  readonly loading: boolean;
}

/**
 * Loads a value, again when `key` changes, and every `seconds` while the page is visible. The value before stays until the
 * next one is there.
 */
export function useLoaded<Value>(
  load: (signal: AbortSignal) => Promise<Value>,
  key: string,
  seconds: number | null = null,
): Loaded<Value> {
  const [loaded, setLoaded] = useState<Loaded<Value>>({ value: null, error: null, loading: true });
  // The key stands for everything that `load` depends on.
  useEffect(() => {
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const round = async () => {
      if (!document.hidden) {
        try {
          const value = await load(stop.signal);
          if (!stop.signal.aborted) setLoaded({ value, error: null, loading: false });
        } catch (error) {
          if (!stop.signal.aborted)
            setLoaded(({ value }) => ({ value, error: error as Error, loading: false }));
        }
      }
      if (seconds !== null && !stop.signal.aborted) timer = setTimeout(round, seconds * 1000);
    };
    setLoaded(({ value }) => ({ value, error: null, loading: true }));
    void round();
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [key, seconds]);
  return loaded;
}

/** Renders the view every second. */
export function useSeconds(running: boolean): number {
  const [now, setNow] = useState(() => Date.now() / 1000);
  useEffect(() => {
    if (!running) return;
    const timer = setInterval(() => setNow(Date.now() / 1000), 1000);
    return () => clearInterval(timer);
  }, [running]);
  return now;
}
