/** Errors with which a service answers. */

import { status } from '@grpc/grpc-js';

/** A refusal with a gRPC status and a message for the caller. Messages of other errors are not sent. */
export class Fault extends Error {
  readonly code: status;

  constructor(code: status, message: string) {
    super(message);
    this.code = code;
    this.name = 'Fault';
  }

  /** `NOT_FOUND` and the like. */
  get codeName(): string {
    return status[this.code] ?? String(this.code);
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
