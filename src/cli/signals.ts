/** SIGINT, SIGTERM and SIGHUP. */

/** Calls `first` at the first signal and `second` at every later one. Returns how to stop listening. */
export function onSignals(first: () => void, second: () => void): () => void {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  let seen = 0;
  const listener = () => {
    seen++;
    if (seen === 1) first();
    else second();
  };
  for (const signal of signals) process.on(signal, listener);
  return () => {
    for (const signal of signals) process.off(signal, listener);
  };
}
