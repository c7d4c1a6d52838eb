/** A request that was not done, and its reason for the caller. */

import { ServiceError } from '../../errors.js';

/** The stable code of a refusal: `code` of the answer's payload. */
export type RefusalCode =
  /** The request is invalid: its payload, its action, its number, or its names. */
  | 'bad_request'
  /** No cluster, run or kind of member of that name. */
  | 'not_found'
  /** It exists but can't be resized, or not by this service. */
  | 'unsupported'
  /** Not allowed: another namespace, or Kubernetes' own answer. */
  | 'forbidden'
  /** Others changed it at the same time, again and again. */
  | 'conflict'
  /** Too many requests; later it may be possible. */
  | 'busy'
  /** The other side does not answer in time. */
  | 'unavailable'
  /** The change was requested, and its outcome is unknown. */
  | 'unclear'
  /** A mistake of the service. */
  | 'internal';

/** The message is for the caller: it names no file, address or stack of the service. */
export class Refusal extends ServiceError {
  /** ERROR: can't be done. DENIED: must not be done. */
  readonly status: 'ERROR' | 'DENIED';
  readonly reasonCode: RefusalCode;

  constructor(reasonCode: RefusalCode, reason: string, options?: ErrorOptions) {
    super(reason, options);
    this.reasonCode = reasonCode;
    this.status = reasonCode === 'forbidden' ? 'DENIED' : 'ERROR';
  }
}
