/** The log of actions and refusals, one line of JSON for each. */

import { closeSync, constants, fstatSync, openSync, writeSync } from 'node:fs';
import { ServiceError } from '../errors.js';
import type { Parameters } from '../model/parameters.js';
import { escapeLines } from '../text/describe.js';
import { TokenBucket } from './rate.js';

export interface AuditEntry {
  /** `Act`, `RequestAction`, or `refused` for calls that were not admitted. */
  readonly call: string;
  /** As `uid:1000`, `certificate:alice`, `token:alice`, `anyone`. */
  readonly who: string;
  /** Where it came from: an IP address and port, or `unix`. */
  readonly peer: string;
  /** The request. */
  readonly what: Readonly<Record<string, string | number | null>>;
  /** `done`, or the name of a gRPC status. */
  readonly result: string;
  /** The result, or the reason of a refusal. */
  readonly reason: string;
}

/** The parameters of a requested action, where it has some, for the line of the audit. */
export function auditedParameters(parameters: Parameters = {}): { readonly parameters?: string } {
  const given = Object.entries(parameters);
  return given.length === 0 ? {} : { parameters: given.map(([name, value]) => `${name}=${value}`).join(' ') };
}

/** Limit of logged refusals, so that strangers can't fill the disk. */
const REFUSALS_PER_SECOND = 5;
const REFUSALS_AT_ONCE = 50;
/** Maximum bytes waiting for the reader of standard error. */
const MAX_WAITING = 2 ** 20;

export class Audit {
  readonly #file: number | null;
  readonly #log: (text: string) => void;
  readonly #refusals = new TokenBucket(REFUSALS_PER_SECOND, REFUSALS_AT_ONCE);
  #leftOut = 0;
  /** Lines that could not be written. */
  #lost = 0;

  /** Appends to the file, made for its owner alone; to standard error without one. Throws ServiceError. */
  constructor(path: string | null, log: (text: string) => void) {
    this.#log = log;
    if (path === null) {
      this.#file = null;
      return;
    }
    const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants;
    try {
      this.#file = openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600);
    } catch (cause) {
      throw new ServiceError(`the audit file ${path} can't be opened: ${(cause as Error).message}`, {
        cause,
      });
    }
    if (!fstatSync(this.#file).isFile()) throw new ServiceError(`the audit file ${path} is not a file`);
  }

  action(entry: AuditEntry): void {
    this.#write(entry);
  }

  /** A call that was not admitted, or one too many. Only some of them are written. */
  refusal(entry: Omit<AuditEntry, 'call' | 'what'>): void {
    if (this.#refusals.take() > 0) {
      this.#leftOut++;
      return;
    }
    const before = this.#leftOut === 0 ? {} : { before: this.#leftOut };
    this.#leftOut = 0;
    this.#write({ call: 'refused', what: before, ...entry });
  }

  close(): void {
    if (this.#file !== null) closeSync(this.#file);
  }

  /** A service whose audit can't be written goes on: what was lost is counted in the next line that can. */
  #write(entry: AuditEntry): void {
    const lost = this.#lost === 0 ? {} : { lost: this.#lost };
    // A line may go to a terminal, and callers choose much of what is in it.
    const line = escapeLines(`${JSON.stringify({ time: new Date().toISOString(), ...lost, ...entry })}\n`);
    try {
      // At once and whole: an action must not be done whose line is lost with the process.
      writeSync(this.#file ?? process.stderr.fd, line);
      this.#lost = 0;
    } catch (error) {
      if (this.#file === null && this.#waitForReader(error, line)) return;
      if (this.#lost++ > 0) return;
      this.#log(`the audit can't be written: ${(error as Error).message}; the service goes on`);
    }
  }

  /** Standard error may be a pipe that is read slowly. False when too much waits there, or nothing can. */
  #waitForReader(error: unknown, line: string): boolean {
    const { stderr } = process;
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN' || stderr.writableLength > MAX_WAITING)
      return false;
    stderr.write(line);
    this.#lost = 0;
    return true;
  }
}
