/** SIGINT, SIGTERM and SIGHUP. */

import { exitStatus } from './exit-status.js';

/** Milliseconds after which a second signal ends a process that still has not ended by itself. */
const PATIENCE = 2000;

let seen = 0;

/** Whether a signal has come. */
export function signaled(): boolean {
  return seen > 0;
}

/**
 * Calls `first` at the first signal and `second` at every later one, after which the process ends soon, whatever keeps
 * it. Returns how to stop listening.
 */
export function onSignals(first: () => void, second: () => void): () => void {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const listener = () => {
    seen++;
    if (seen === 1) return first();
    second();
    setTimeout(() => process.exit(exitStatus.interrupted), PATIENCE).unref();
  };
  for (const signal of signals) process.on(signal, listener);
  return () => {
    for (const signal of signals) process.off(signal, listener);
  };
}
