/** References to secrets: `${NAME}` for variables of the environment, and `file:PATH` for private files. */

import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { EnsembleError } from '../errors.js';
import { NAMED_VARIABLE, type Reference } from '../model/notification.js';
import { quote } from '../text/describe.js';

const VARIABLE = /\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g;
const FILE = 'file:';
/** Permissions that a file with a secret may have. */
const PRIVATE = 0o600;
/** A secret file is one line. */
const MAX_SECRET = 64 * 1024;
/** Characters of a text that is removed from messages; shorter ones are parts of many words. */
const MIN_REDACTED = 4;

/** The form to write in place of a secret, for messages. */
export const HOW_TO_KEEP = `write ${NAMED_VARIABLE} for a variable of the environment, or file:PATH for a file with mode 0600`;

/** Whether the text refers to a file or to variables. */
export function hasReference(text: string): boolean {
  return text.startsWith(FILE) || text.search(VARIABLE) >= 0;
}

/** Whether the text is a reference and has nothing else. */
export function isReference(text: string): boolean {
  return /^file:./.test(text) || /^\$\{[A-Za-z_][A-Za-z0-9_]*\}$/.test(text);
}

/** The text without its references. */
export function withoutReferences(text: string): string {
  return text.replaceAll(VARIABLE, '');
}

/** Resolves references, and removes what they stood for from texts. */
export class References {
  readonly #folder: string;
  readonly #secrets = new Set<string>();

  /** Relative paths begin at `folder`. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Throws EnsembleError: `ERR_NOTIFY`, or `ERR_INSECURE` for a file that others may read. */
  resolve(reference: Reference): string {
    if (reference.startsWith(FILE)) return this.#keep(this.#read(reference.slice(FILE.length)));
    return reference.replaceAll(VARIABLE, (_, name: string) => {
      const value = process.env[name]?.trim() ?? '';
      if (value === '') {
        throw new EnsembleError('ERR_NOTIFY', `the environment has no variable ${name}`);
      }
      return this.#keep(value);
    });
  }

  /** The text with `***` for each secret. */
  redact(text: string): string {
    const secrets = [...this.#secrets].sort((a, b) => b.length - a.length);
    return secrets.reduce((shown, secret) => shown.replaceAll(secret, '***'), text);
  }

  #keep(secret: string): string {
    const parts = [secret];
    if (URL.canParse(secret)) {
      const { pathname, search, username, password } = new URL(secret);
      parts.push(pathname, search, username, password);
    }
    for (const part of parts) if (part.length >= MIN_REDACTED) this.#secrets.add(part);
    return secret;
  }

  #read(path: string): string {
    const absolute = resolve(this.#folder, path.replace(/^~(?=\/)/, homedir()));
    let text: string;
    try {
      const file = openSync(absolute, 'r');
      try {
        const stat = fstatSync(file);
        if (!stat.isFile()) throw new Error('it is not a file');
        if ((stat.mode & 0o777 & ~PRIVATE) !== 0) {
          const mode = (stat.mode & 0o777).toString(8).padStart(4, '0');
          const message = `${quote(absolute)} has a secret and the mode ${mode}: run chmod 600 for it`;
          throw new EnsembleError('ERR_INSECURE', message);
        }
        if (stat.size > MAX_SECRET) throw new Error(`it exceeds ${MAX_SECRET} bytes`);
        text = readFileSync(file, 'utf8').trim();
      } finally {
        closeSync(file);
      }
    } catch (cause) {
      if (cause instanceof EnsembleError) throw cause;
      throw new EnsembleError('ERR_NOTIFY', `can't read ${quote(absolute)}: ${(cause as Error).message}`, {
        cause,
      });
    }
    if (text === '') throw new EnsembleError('ERR_NOTIFY', `${quote(absolute)} is empty`);
    return text;
  }
}
