/** Protects the run from errors of an observer. */

import { EnsembleError } from '../errors.js';
import type { EnsembleObserver } from '../model/observer.js';

type Method = keyof EnsembleObserver;

/** Every method of an observer: a missing one does not compile. */
const METHODS = Object.keys({
  resumed: true,
  notice: true,
  firing: true,
  action: true,
  performed: true,
  paused: true,
  skipped: true,
  retry: true,
  failure: true,
  output: true,
  problem: true,
  decodeError: true,
  records: true,
} satisfies Record<Method, true>) as Method[];

/**
 * The observer with the same methods, none of which throws. The first failure of each method is reported: to `problem`,
 * or as a warning of the process when there is no `problem`, or when that is what failed. `onProblem` gets all problems too.
 */
export function guardObserver(
  observer: EnsembleObserver,
  onProblem: ((error: EnsembleError) => void) | null = null,
): EnsembleObserver {
  const failed = new Set<Method>();
  const report = (name: Method, cause: unknown) => {
    if (failed.has(name)) return;
    failed.add(name);
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `${name}() of the observer failed: ${reason}; the run goes on, and further failures are not reported`;
    const error = new EnsembleError('ERR_OBSERVER', message, { cause });
    if (name !== 'problem' && observer.problem !== undefined) guarded.problem?.(error);
    else process.emitWarning(message, { code: error.code });
  };
  const call = (name: Method, args: readonly unknown[]) => {
    try {
      const method = observer[name] as ((...args: readonly unknown[]) => unknown) | undefined;
      const result = method?.apply(observer, [...args]);
      // An async method fails later.
      if (result instanceof Promise) result.catch((cause: unknown) => report(name, cause));
    } catch (cause) {
      report(name, cause);
    }
  };
  const problem = (error: EnsembleError) => {
    onProblem?.(error);
    if (observer.problem !== undefined) call('problem', [error]);
  };
  const guarded: EnsembleObserver = {};
  for (const name of METHODS) {
    if (name === 'problem' && onProblem !== null) {
      guarded.problem = problem;
      continue;
    }
    // Whether there is a method matters, and may change.
    Object.defineProperty(guarded, name, {
      get: () =>
        observer[name] === undefined ? undefined : (...args: readonly unknown[]) => call(name, args),
    });
  }
  return guarded;
}

/** The observer that calls a method of both. It has the methods that one of them has. */
export function bothObservers(first: EnsembleObserver, second: EnsembleObserver): EnsembleObserver {
  const both: EnsembleObserver = {};
  for (const name of METHODS) {
    Object.defineProperty(both, name, {
      get: () => {
        const able = [first, second].filter((observer) => observer[name] !== undefined);
        if (able.length === 0) return undefined;
        return (...args: readonly unknown[]) => {
          for (const observer of able) (observer[name] as (...args: readonly unknown[]) => void)(...args);
        };
      },
    });
  }
  return both;
}
