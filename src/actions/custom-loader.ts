/** Finds the user's own functions: in the `custom:` block of the file, or in a module next to it. */

import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { CustomSource, EnsembleConfig } from '../config/types.js';
import { ConfigError, type Diagnostic, EnsembleError } from '../errors.js';
import type { CustomFunction, CustomFunctions, CustomListener, LoadedFunctions } from './custom-types.js';
import { JavaScriptFunctions, Unloadable } from './javascript/javascript-functions.js';
import { PythonFunctions, PythonMissing, type PythonSource } from './python/python-functions.js';

/** The labels of the custom actions, with the path of the first rule that has each. */
function wantedFunctions(config: EnsembleConfig): Map<string, string> {
  const wanted = new Map<string, string>();
  for (const [index, { action }] of config.rules.entries()) {
    if (action.name === 'custom' && !wanted.has(action.label)) {
      wanted.set(action.label, `rules[${index}].action.label`);
    }
  }
  return wanted;
}

/**
 * A block of JavaScript as the URL of a module. Functions need no `export`: those that rules name are
 * exported here. Empty lines in front make the lines of a stack trace those of the YAML file.
 */
function inlineModule(source: string, line: number | null, names: Iterable<string>): string {
  const exported = [...names].filter((name) => {
    const declared = new RegExp(`\\b(function\\s*\\*?|const|let|var|class)\\s+${name}\\b`).test(source);
    const already = new RegExp(
      `\\bexport\\s+(async\\s+)?(function\\s*\\*?|const|let|var|class)\\s+${name}\\b|\\bexport\\s*\\{[^}]*\\b${name}\\b`,
    ).test(source);
    return declared && !already;
  });
  const padding = '\n'.repeat(Math.max(0, (line ?? 1) - 1));
  const text = `${padding}${source}\nexport { ${exported.join(', ')} };\n`;
  return `data:text/javascript;charset=utf-8,${encodeURIComponent(text)}`;
}

/** Says what is wrong with the functions, where. */
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

const nothing: LoadedFunctions = { functions: new Map(), turn: (work) => work(), close() {} };

/**
 * Loads every function that a custom action names. Throws ConfigError when the code can't be loaded or lacks
 * one.
 */
export async function loadCustomFunctions(
  config: EnsembleConfig,
  listener: CustomListener,
): Promise<LoadedFunctions> {
  const { custom } = config;
  if (custom === null) return nothing;
  return custom.language === 'python'
    ? loadPython(config, custom, listener)
    : loadJavaScript(config, custom, listener);
}

async function loadJavaScript(
  config: EnsembleConfig,
  custom: CustomSource,
  listener: CustomListener,
): Promise<LoadedFunctions> {
  const wanted = [...wantedFunctions(config).keys()];
  const place = custom.kind === 'module' ? custom.path : "the file's custom block";
  const url =
    custom.kind === 'module'
      ? pathToFileURL(custom.path).href
      : inlineModule(custom.source, custom.line, wanted);
  const thread = new JavaScriptFunctions({ url, names: wanted }, listener.output);
  try {
    const there = await thread.load();
    const functions = new Map<string, CustomFunction>(
      there.map((name) => [name, (args) => thread.call(name, args)]),
    );
    refuseMissing(config, place, functions);
    return { functions, turn: (work) => work(), close: () => thread.close() };
  } catch (cause) {
    thread.close();
    if (!(cause instanceof Unloadable)) throw cause;
    const message = `${place} can't be loaded as a JavaScript module: ${cause.message}`;
    throw new ConfigError(message, [diagnosticsFor(config)('custom', message)], { cause });
  }
}

/** The source of Python functions, and where its lines are to be found. */
async function readPython(custom: CustomSource, file: string | null): Promise<PythonSource> {
  if (custom.kind === 'inline') {
    return { text: custom.source, file: file ?? resolve('custom'), line: custom.line ?? 1 };
  }
  return { text: await readFile(custom.path, 'utf8'), file: custom.path, line: 1 };
}

async function loadPython(
  config: EnsembleConfig,
  custom: CustomSource,
  listener: CustomListener,
): Promise<LoadedFunctions> {
  const wanted = wantedFunctions(config);
  const place = custom.kind === 'module' ? custom.path : "the file's custom block";
  const refuse = (cause: unknown): never => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const problem = diagnosticsFor(config)('custom', `${place} can't be loaded as Python: ${reason}`);
    throw new ConfigError(problem.message, [problem], { cause });
  };
  const source = await readPython(custom, config.file).catch(refuse);
  const python = new PythonFunctions(source, listener.output);
  const functions = new Map<string, CustomFunction>();
  try {
    const there = new Set(await python.load());
    for (const name of wanted.keys()) {
      if (there.has(name)) functions.set(name, (args) => python.call(name, args));
    }
    refuseMissing(config, place, functions);
  } catch (cause) {
    python.close();
    if (cause instanceof ConfigError) throw cause;
    if (!(cause instanceof PythonMissing)) return refuse(cause);
    const message = `the functions ${[...wanted.keys()].join(', ')} can't be called: ${cause.message}; install Python 3`;
    listener.problem(new EnsembleError('ERR_CUSTOM', message, { cause }));
    for (const name of wanted.keys()) functions.set(name, () => null);
  }
  return { functions, turn: (work) => python.turn(work), close: () => python.close() };
}

/** Throws ConfigError for functions that rules name and that were not found. */
function refuseMissing(config: EnsembleConfig, place: string, functions: CustomFunctions): void {
  const diagnostic = diagnosticsFor(config);
  const problems = [...wantedFunctions(config)]
    .filter(([name]) => !functions.has(name))
    .map(([name, path]) => diagnostic(path, `${place} has no function '${name}'`));
  if (problems.length > 0) throw new ConfigError(problems[0]?.message ?? '', problems);
}
