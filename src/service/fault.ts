/** Errors with which a service answers. */

import { type StatusCode, type StatusName, status, statusName } from './status-code.js';

/** A refusal with a status code and a message for the caller. Messages of other errors are not sent. */
export class Fault extends Error {
  readonly code: StatusCode;

  constructor(code: StatusCode, message: string) {
    super(message);
    this.code = code;
    this.name = 'Fault';
  }

  /** `NOT_FOUND` and the like. */
  get codeName(): StatusName {
    return statusName(this.code);
  }
}

/**
 * The error for the caller: a fault as it is, and any other error as INTERNAL without details. `log` receives the
 * details.
 */
export function faultOf(error: unknown, log: (text: string) => void): Fault {
  if (error instanceof Fault) return error;
  log(`internal error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  return new Fault(status.INTERNAL, 'internal error; the log of the service has it');
}
