/** Limits of a listener. */

export interface HttpLimits {
  /** Maximum connections. */
  readonly maxConnections: number;
  /** Maximum open streams of events. */
  readonly maxStreams: number;
  /** Limit of calls of one caller, a second and at once. */
  readonly callsPerSecond: number;
  readonly callsAtOnce: number;
  /** Seconds for a new connection to make an admitted call. */
  readonly admissionTimeout: number;
  /** Seconds for the headers of a request, and for all of it. */
  readonly headersTimeout: number;
  readonly requestTimeout: number;
}

export const defaultHttpLimits: HttpLimits = {
  maxConnections: 1024,
  maxStreams: 256,
  callsPerSecond: 200,
  callsAtOnce: 1000,
  admissionTimeout: 20,
  headersTimeout: 10,
  requestTimeout: 30,
};
