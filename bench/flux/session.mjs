// An engine with a session with Flux, for the processes of the bench.

import { Engine } from '../../dist/engine/engine.js';
import { EMPTY_PLAN } from '../../dist/engine/plan/plan.js';
import { fluxLibraries } from '../../dist/members/flux/flux-library.js';
import { loadGroup } from './programs.mjs';

const needed = ['submit', 'start', 'finish', 'clean', 'exception', 'invalidate'];

// The interval keeps the process running, because an engine does not.
setInterval(() => {}, 2 ** 30);

/** Returns a rule of the plan on the load's group; missing fields are empty. */
export function makeRule(given) {
  return {
    group: 0,
    event: null,
    when: null,
    timing: null,
    cron: null,
    states: null,
    repetitions: 1,
    backoff: -1,
    terminal: false,
    wantsEvent: false,
    probing: false,
    submit: null,
    ...given,
  };
}

export function makeEngine(rules, metrics = []) {
  return new Engine(
    { ...EMPTY_PLAN, groups: [loadGroup], metrics, rules },
    { firing() {}, decodeError: ({ reason }) => fail(reason) },
  );
}

/** Connects as the Flux member does. */
export function openFlux(engine, { full = false, allEvents = false, validateOnce = true }) {
  const options = {
    libraries: fluxLibraries(),
    uri: null,
    allow: allEvents ? [] : needed,
    inactiveJobs: full ? 2 ** 31 : 0,
    instance: null,
    validateOnce,
    window: 4096,
    tap: false,
  };
  return engine.source.openFlux(options, {
    records() {},
    quiet() {},
    failed: ({ message }) => fail(message),
  });
}

/** Prints one result as a line of JSON. */
export function tell(result) {
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

/** Ends the process, even if its engine is busy. */
export function stop() {
  process.stdout.write('', () => process.exit(0));
}
