/**
 * Bearer tokens in a file that only its owner can read: one a line, with an optional name, role and time of expiry.
 *
 *     # users of the service
 *     m3Zk...  name=alice  expires=2026-12-31T00:00:00Z
 *     pQ7x...  name=wall-display  role=viewer
 */

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { statSync, writeFileSync } from 'node:fs';
import { ServiceError } from '../errors.js';
import { readPrivateFile } from './private-files.js';

/** An operator may do everything. A viewer may look, but not act. */
export const ROLES = ['operator', 'viewer'] as const;
export type Role = (typeof ROLES)[number];

export interface Token {
  readonly value: string;
  /** The owner, for the audit. */
  readonly name: string;
  readonly role: Role;
  /** Seconds since the epoch; null for never. */
  readonly expires: number | null;
}

/** Minimum characters, against guessing. */
const SHORTEST = 16;
/** Milliseconds between two checks for a changed file. */
const LOOK_INTERVAL = 1000;

const isRole = (text: string): text is Role => (ROLES as readonly string[]).includes(text);

function parseToken(line: string, where: string): Token {
  const [value = '', ...fields] = line.split(/\s+/);
  if (value.length < SHORTEST || !/^[\w.~+/=-]+$/.test(value)) {
    throw new ServiceError(
      `${where}: a token has at least ${SHORTEST} letters, digits and -._~+/=; \`ensemble-server token FILE\` makes one`,
    );
  }
  let name = 'token';
  let role: Role = 'operator';
  let expires: number | null = null;
  for (const field of fields) {
    const [key, text = ''] = field.split(/=(.*)/s);
    const time = Date.parse(text);
    if (key === 'name' && /^[\w.@-]+$/.test(text)) name = text;
    else if (key === 'role' && isRole(text)) role = text;
    else if (key === 'expires' && !Number.isNaN(time)) expires = time / 1000;
    else {
      throw new ServiceError(
        `${where}: '${field}' is not name=NAME, role=viewer, role=operator or expires=TIME, as expires=2026-12-31T00:00:00Z`,
      );
    }
  }
  return { value, name, role, expires };
}

/** The tokens of a file, at least one. Throws ServiceError: `ERR_INSECURE` when others can read the file. */
export function readTokens(path: string): Token[] {
  const { text } = readPrivateFile(path, 'the token file');
  const tokens: Token[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    const content = line.replace(/(^|\s)#.*/, '').trim();
    if (content !== '') tokens.push(parseToken(content, `${path}, line ${index + 1}`));
  }
  if (tokens.length === 0) throw new ServiceError(`the token file ${path} contains no token`);
  return tokens;
}

export interface NewToken {
  readonly name?: string | null;
  /** An operator by default. */
  readonly role?: Role | null;
  readonly expires?: Date | null;
}

/** Creates a file with a new token, for its owner alone. Throws ServiceError for an existing file. */
export function writeNewToken(path: string, { name = null, role = null, expires = null }: NewToken): void {
  const fields = [
    randomBytes(32).toString('base64url'),
    ...(name === null ? [] : [`name=${name}`]),
    ...(role === null ? [] : [`role=${role}`]),
    ...(expires === null ? [] : [`expires=${expires.toISOString()}`]),
  ];
  try {
    writeFileSync(path, `${fields.join(' ')}\n`, { mode: 0o600, flag: 'wx' });
  } catch (cause) {
    throw new ServiceError(`the token file ${path} can't be written: ${(cause as Error).message}`, { cause });
  }
}

const digest = (text: string) => createHash('sha256').update(text).digest();

/** Keeps the tokens of a file up to date. */
export class TokenKeeper {
  readonly #path: string;
  readonly #problem: (error: unknown) => void;
  #tokens: Token[];
  #version: string;
  #looked = performance.now();

  /** Throws as `readTokens` does. `problem` receives errors of later changes of the file. */
  constructor(path: string, problem: (error: unknown) => void) {
    this.#path = path;
    this.#problem = problem;
    this.#version = this.#currentVersion();
    this.#tokens = readTokens(path);
  }

  /**
   * Returns the token with this value, or the reason for its refusal. The time does not depend on the value: the
   * digests of all tokens are compared, each in constant time.
   */
  find(value: string, now = Date.now() / 1000): Token | 'unknown' | 'expired' {
    this.#reload();
    const wanted = digest(value);
    let found: Token | null = null;
    for (const token of this.#tokens) {
      if (timingSafeEqual(digest(token.value), wanted)) found = token;
    }
    if (found === null) return 'unknown';
    return found.expires !== null && found.expires <= now ? 'expired' : found;
  }

  #reload(): void {
    if (performance.now() - this.#looked < LOOK_INTERVAL) return;
    this.#looked = performance.now();
    const version = this.#currentVersion();
    if (version === this.#version) return;
    this.#version = version;
    try {
      this.#tokens = readTokens(this.#path);
    } catch (error) {
      // A removed file admits no client. Its removal may have had that purpose.
      this.#tokens = [];
      this.#problem(error);
    }
  }

  #currentVersion(): string {
    const stats = statSync(this.#path, { throwIfNoEntry: false, bigint: true });
    return stats === undefined ? '' : `${stats.ino} ${stats.mtimeNs} ${stats.ctimeNs} ${stats.size}`;
  }
}
