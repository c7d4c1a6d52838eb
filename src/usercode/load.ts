/** Loads the user's functions from the `custom:` block of the file, or from a module next to it. */

import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ConfigError, type Diagnostic, EnsembleError } from '../errors.js';
import { actionsOf, type CustomSource, type EnsembleConfig } from '../model/ensemble.js';
import type { LoadedFunctions } from '../model/user-function.js';
import { inlineModule } from './javascript/inline.js';
import { JavaScriptFunctions, Unloadable } from './javascript/javascript-functions.js';
import { OwnFunctions } from './own-functions.js';
import { PythonFunctions, PythonMissing, type PythonSource } from './python/python-functions.js';
import type { UserCodeListener } from './user-process.js';

/** Returns the labels of the custom actions, with the path of the first rule of each. */
function wantedFunctions(config: EnsembleConfig): Map<string, string> {
  const wanted = new Map<string, string>();
  for (const [index, rule] of config.rules.entries()) {
    for (const action of actionsOf(rule)) {
      if (action.name !== 'custom' || wanted.has(action.label)) continue;
      wanted.set(action.label, `rules[${index}].${action === rule.action ? 'action' : 'resolve'}.label`);
    }
  }
  return wanted;
}

/** Returns a function that creates diagnostics of functions, with their places. */
function diagnosticsFor({ custom, file }: EnsembleConfig) {
  const line = custom?.kind === 'inline' ? custom.line : null;
  return (path: string, message: string): Diagnostic => ({
    severity: 'error',
    path,
    message,
    file,
    line: path === 'custom' ? line : null,
    column: path === 'custom' && line !== null ? 1 : null,
  });
}

/** Functions that run in a process of their own. */
type SourceOfProcess = Exclude<CustomSource, { readonly kind: 'program' }>;

/** The functions of a configuration without any. */
const nothing: LoadedFunctions = { call: async () => null, turn: (work) => work(), close: async () => {} };

/**
 * Loads every function that a custom action names. An aborted signal stops loading. Throws ConfigError when the
 * code can't be loaded or a function is missing.
 */
export async function loadCustomFunctions(
  config: EnsembleConfig,
  listener: UserCodeListener,
  signal?: AbortSignal,
): Promise<LoadedFunctions> {
  const { custom } = config;
  if (custom === null) return nothing;
  if (custom.kind === 'program') return functionsOfProgram(config, custom);
  return custom.language === 'python'
    ? loadPython(config, custom, listener, signal)
    : loadJavaScript(config, custom, listener, signal);
}

/** The functions that the program has given for the rules. Throws ConfigError for a missing one. */
function functionsOfProgram(
  config: EnsembleConfig,
  { functions, names }: CustomSource & { readonly kind: 'program' },
): LoadedFunctions {
  refuseWrong(
    config,
    [...wantedFunctions(config).keys()].map((name) => {
      if (functions.has(name)) return [name, null];
      const missing = `the function '${name}' is one of the program that runs the ensemble`;
      return names.includes(name)
        ? [name, `${missing}; run it with the library, and give it under 'functions' of the options`]
        : [name, `unknown function '${name}'; 'program' of 'custom' names ${names.join(', ') || 'none'}`];
    }),
  );
  return new OwnFunctions(functions);
}

function placeOf(custom: CustomSource): string {
  return custom.kind === 'module' ? custom.path : "the file's custom block";
}

async function loadJavaScript(
  config: EnsembleConfig,
  custom: SourceOfProcess,
  listener: UserCodeListener,
  signal: AbortSignal | undefined,
): Promise<LoadedFunctions> {
  const names = [...wantedFunctions(config).keys()];
  const url =
    custom.kind === 'module' ? pathToFileURL(custom.path).href : inlineModule(custom.source, custom.line);
  const javascript = new JavaScriptFunctions({ url, names }, listener);
  try {
    refuseWrong(config, problemsOf(custom, names, await javascript.load(signal)));
  } catch (cause) {
    await javascript.close();
    if (!(cause instanceof Unloadable)) throw cause;
    throw unloadable(config, custom, 'a JavaScript module', cause);
  }
  return {
    call: (name, args) => javascript.call(name, args),
    turn: (work) => work(),
    close: () => javascript.close(),
  };
}

async function loadPython(
  config: EnsembleConfig,
  custom: SourceOfProcess,
  listener: UserCodeListener,
  signal: AbortSignal | undefined,
): Promise<LoadedFunctions> {
  const names = [...wantedFunctions(config).keys()];
  const source: PythonSource =
    custom.kind === 'inline'
      ? { text: custom.source, file: config.file ?? resolve('custom'), line: custom.line ?? 1 }
      : { text: null, file: custom.path, line: 1 };
  const python = new PythonFunctions(source, names, listener);
  try {
    refuseWrong(config, problemsOf(custom, names, await python.load(signal)));
  } catch (cause) {
    await python.close();
    if (cause instanceof ConfigError) throw cause;
    if (!(cause instanceof PythonMissing)) throw unloadable(config, custom, 'Python', cause);
    const message = `the functions ${names.join(', ')} can't be called: ${cause.message}; install Python 3`;
    listener.problem(new EnsembleError('ERR_CUSTOM', message, { cause }));
    return nothing;
  }
  return {
    call: (name, args) => python.call(name, args),
    turn: (work) => python.turn(work),
    close: () => python.close(),
  };
}

function unloadable(config: EnsembleConfig, custom: CustomSource, as: string, cause: unknown): ConfigError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const message = `${placeOf(custom)} can't be loaded as ${as}: ${reason}`;
  return new ConfigError(message, [diagnosticsFor(config)('custom', message)], { cause });
}

/** For each name the reason why it can't be called, or null. `found` has those that are functions. */
function problemsOf(
  custom: CustomSource,
  names: readonly string[],
  found: Readonly<Record<string, string | null>>,
): (readonly [string, string | null])[] {
  return names.map((name) => {
    if (!Object.hasOwn(found, name)) return [name, `${placeOf(custom)} has no function '${name}'`];
    const reason = found[name] ?? null;
    return [name, reason === null ? null : `function '${name}' can't be called: ${reason}`];
  });
}

/** Throws ConfigError for invalid or missing functions that rules name. */
function refuseWrong(config: EnsembleConfig, functions: readonly (readonly [string, string | null])[]): void {
  const diagnostic = diagnosticsFor(config);
  const wanted = wantedFunctions(config);
  const problems = functions.flatMap(([name, problem]) =>
    problem === null ? [] : [diagnostic(wanted.get(name) ?? 'custom', problem)],
  );
  if (problems.length > 0) throw new ConfigError(problems[0]?.message ?? '', problems);
}
