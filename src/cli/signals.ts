/** SIGINT, SIGTERM and SIGHUP. */

import { exitStatus } from './exit-status.js';

/** Milliseconds after a second signal until the process is ended by force. */
const PATIENCE = 2000;

let seen = 0;

/** Returns whether a signal was received. */
export function signaled(): boolean {
  return seen > 0;
}

/**
 * Calls `first` at the first signal and `second` at each later one, after which the process ends soon in any case.
 * Returns a function that removes the listeners.
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
