/** The origin of custom functions. */

import { resolve } from 'node:path';
import type { CustomSource } from '../../model/ensemble.js';
import type { ResolveContext } from './context.js';

const PATH = ['custom'];
const MODULE = /^[^\s'"]+\.([cm]?[jt]s|py)$/;

/** Distinguishes a path from source, and JavaScript from Python. */
export function resolveCustom(context: ResolveContext): CustomSource | null {
  const { shape, source, problems, file } = context;
  const { custom } = shape.config;
  if (typeof custom === 'object' && custom !== null) {
    const { program } = custom;
    if (program !== undefined) {
      if (custom.file !== undefined) {
        problems.error(PATH, "has both 'file' and 'program'; functions come from one of them");
      }
      const names = program.filter((name) => name !== undefined);
      return { kind: 'program', language: 'javascript', names, functions: context.functions };
    }
    if (custom.file === undefined) {
      if (!shape.isBroken([...PATH, 'file'])) problems.error(PATH, "needs 'file', the path of a module");
      return null;
    }
    if (!/\.([cm]?[jt]s|py)$/.test(custom.file)) {
      problems.error(
        [...PATH, 'file'],
        'must be a JavaScript or TypeScript module (.js, .mjs, .cjs, .ts, .mts, .cts) or a Python file (.py)',
      );
    }
    return moduleAt(besideFile(custom.file, file));
  }

  const text = custom?.trim() ?? '';
  if (custom === undefined || custom === null || text === '') return null;
  if (MODULE.test(text)) return moduleAt(besideFile(text, file));
  const language = looksLikePython(custom) ? 'python' : 'javascript';
  return { kind: 'inline', language, source: custom, line: source.lineOfText(PATH) };
}

function moduleAt(path: string): CustomSource {
  return { kind: 'module', language: path.endsWith('.py') ? 'python' : 'javascript', path };
}

/** The file of a path, relative to the folder of the ensemble's file or, without one, to the working directory. */
export function besideFile(path: string, file: string | null): string {
  return file === null ? resolve(path) : resolve(file, '..', path);
}

/** Whether source is written in Python, as in files of ensemble-python. */
function looksLikePython(source: string): boolean {
  const hasPython =
    /^[ \t]*(async[ \t]+)?def[ \t]+\w+[ \t]*\(/m.test(source) ||
    /^[ \t]*import[ \t]+\w[\w.]*([ \t]+as[ \t]+\w+)?[ \t]*$/m.test(source) ||
    /^[ \t]*from[ \t]+[\w.]+[ \t]+import[ \t]/m.test(source);
  // Python may have a name like `function`. JavaScript may contain Python, in a comment or in a string for a job.
  const hasJavaScript =
    /=>|\bfunction\b[ \t]*\*?[ \t]*[\w$]*[ \t]*\([^()]*\)\s*\{|^[ \t]*(export|const|let|var)[ \t]+[\w${*[]/m.test(
      source,
    );
  return hasPython && !hasJavaScript;
}
