/** Finds the user's own functions: in the `custom:` block of the file, or in a module next to it. */

import { pathToFileURL } from 'node:url';
import type { EnsembleConfig } from '../config/types.js';
import { ConfigError, type Diagnostic } from '../errors.js';
import type { CustomFunction, CustomFunctions } from './custom-types.js';

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

/**
 * Loads every function that a custom action names. Throws ConfigError when the code can't be loaded or lacks
 * one.
 */
export async function loadCustomFunctions(config: EnsembleConfig): Promise<CustomFunctions> {
  const functions = new Map<string, CustomFunction>();
  const { custom, file } = config;
  if (custom === null) return functions;
  const wanted = wantedFunctions(config);
  const line = custom.kind === 'inline' ? custom.line : null;
  const diagnostic = (path: string, message: string): Diagnostic => ({
    severity: 'error',
    path,
    message,
    file,
    line: path === 'custom' ? line : null,
    column: path === 'custom' && line !== null ? 1 : null,
  });
  const place = custom.kind === 'module' ? custom.path : "the file's custom block";

  let module: Record<string, unknown>;
  try {
    module = await import(
      custom.kind === 'module'
        ? pathToFileURL(custom.path).href
        : inlineModule(custom.source, custom.line, wanted.keys())
    );
  } catch (cause) {
    const reason = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
    const problem = diagnostic('custom', `${place} can't be loaded as a JavaScript module: ${reason}`);
    throw new ConfigError(problem.message, [problem], { cause });
  }

  // A CommonJS module shows its functions on its default export only.
  const fallback = (module.default ?? {}) as Record<string, unknown>;
  const problems: Diagnostic[] = [];
  for (const [name, path] of wanted) {
    const found = module[name] ?? fallback[name];
    if (typeof found === 'function') {
      functions.set(name, found as CustomFunction);
    } else {
      problems.push(diagnostic(path, `${place} has no function '${name}'`));
    }
  }
  if (problems.length > 0) throw new ConfigError(problems[0]?.message ?? '', problems);
  return functions;
}
