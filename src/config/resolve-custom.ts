/** Where custom functions come from. */

import { resolve } from 'node:path';
import type { ResolveContext } from './resolve-context.js';
import type { CustomSource } from './types.js';

const PATH = ['custom'];
const MODULE = /\.[cm]?js$/;

/** Tells a path from source, and source of ours from that of ensemble-python. */
export function resolveCustom(context: ResolveContext): CustomSource | null {
  const { shape, source, problems, file } = context;
  const { custom } = shape.config;
  if (typeof custom === 'object' && custom !== null) {
    if (custom.file === undefined) return null;
    if (custom.file.endsWith('.py')) problems.error([...PATH, 'file'], pythonMessage(null));
    return { kind: 'module', path: besideFile(custom.file, file) };
  }

  const text = custom?.trim() ?? '';
  if (custom === undefined || custom === null || text === '') return null;
  const isOneLine = !text.includes('\n');
  if (isOneLine && MODULE.test(text)) return { kind: 'module', path: besideFile(text, file) };
  if ((isOneLine && /^[^\s'"]+\.py$/.test(text)) || looksLikePython(custom)) {
    problems.error(PATH, pythonMessage(custom));
  }
  return { kind: 'inline', source: custom, line: source.lineOfText(PATH) };
}

/** What a path stands for: something beside the file or, without one, in the working directory. */
function besideFile(path: string, file: string | null): string {
  return file === null ? resolve(path) : resolve(file, '..', path);
}

/** Whether source is written in Python, as in files of ensemble-python. */
function looksLikePython(source: string): boolean {
  const hasPython =
    /^[ \t]*(async[ \t]+)?def[ \t]+\w+[ \t]*\(/m.test(source) ||
    /^[ \t]*import[ \t]+\w[\w.]*([ \t]+as[ \t]+\w+)?[ \t]*$/m.test(source) ||
    /^[ \t]*from[ \t]+[\w.]+[ \t]+import[ \t]/m.test(source);
  // JavaScript may well hold Python, in a comment or in a string that it hands to a job.
  const hasJavaScript =
    /=>|\bfunction\b[ \t]*\*?[ \t]*[\w$]*[ \t]*\(|^[ \t]*(export|const|let|var)[ \t]+[\w${*[]/m.test(source);
  return hasPython && !hasJavaScript;
}

function pythonMessage(source: string | null): string {
  const name = /\bdef[ \t]+(\w+)/.exec(source ?? '')?.[1] ?? 'echo_again';
  return (
    'this is Python, and this version runs JavaScript functions only; the function would look like: ' +
    `export function ${name}() { return { name: 'submit', label: 'echo' }; }`
  );
}
