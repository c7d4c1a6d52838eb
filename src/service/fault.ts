/** What a service answers when it can't or won't do what was asked. */

import { status } from '@grpc/grpc-js';

/** A refusal with a gRPC status; its message is meant for the caller. Anything else that is thrown is not. */
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
 * What the caller is told of anything that was thrown: a fault as it is, and of what should not have happened nothing
 * but that; `log` hears the rest.
 */
export function faultOf(error: unknown, log: (text: string) => void): Fault {
  if (error instanceof Fault) return error;
  log(`internal error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  return new Fault(status.INTERNAL, 'internal error; the log of the service has it');
}
