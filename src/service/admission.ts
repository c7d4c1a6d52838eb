/** Admits calls to a service, before anything but their headers is read. */

import {
  type Metadata,
  ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  type ServerInterceptor,
  ServerListenerBuilder,
  status,
} from '@grpc/grpc-js';
import type { Audit } from './audit.js';
import { Fault } from './fault.js';
import { TokenBuckets } from './rate.js';
import type { TokenKeeper } from './tokens.js';

export interface Caller {
  /** As `uid:1000`, `certificate:alice`, `token:alice`, `anyone`. */
  readonly who: string;
  /** An IP address and port, or `unix`. */
  readonly peer: string;
}

/** The credentials that a listener requires. */
export interface Access {
  /** The other side can only be this user (or root): the listener is a socket in a folder of their own. */
  readonly socketOf: number | null;
  /** The other side had to show a certificate. */
  readonly certificate: boolean;
  /** Calls must bring one of these. */
  readonly tokens: TokenKeeper | null;
}

export interface AdmissionOptions {
  readonly access: Access;
  /** Calls of one caller, a second and at once. */
  readonly callsPerSecond: number;
  readonly callsAtOnce: number;
  readonly audit: Audit;
  /** A caller on this connection has been let in. */
  admitted(address: string | undefined, port: number | undefined): void;
}

/** Milliseconds between two checks of a long call's credentials. */
const LOOK_AGAIN = 3000;

/** Stored outside of the headers, because clients control their content. */
const callers = new WeakMap<Metadata, Caller>();

/** Who makes a call that was let in. */
export function callerOf(call: { metadata: Metadata }): Caller {
  return callers.get(call.metadata) ?? { who: 'unknown', peer: 'unknown' };
}

function bearer(metadata: Metadata): string | null {
  const values = metadata.get('authorization');
  const match = values.length === 1 ? /^bearer +(\S+)$/i.exec(String(values[0])) : null;
  return match?.[1] ?? null;
}

function identify(
  { socketOf, certificate, tokens }: Access,
  call: ServerInterceptingCallInterface,
  metadata: Metadata,
): string {
  if (tokens !== null) {
    const value = bearer(metadata);
    if (value === null)
      throw new Fault(status.UNAUTHENTICATED, 'a bearer token is needed: --token-file FILE');
    const token = tokens.find(value);
    if (token === 'unknown') throw new Fault(status.UNAUTHENTICATED, 'the token is not one of this service');
    if (token === 'expired') throw new Fault(status.UNAUTHENTICATED, 'the token has expired');
    return `token:${token.name}`;
  }
  if (certificate) {
    const subject = call.getAuthContext().sslPeerCertificate?.subject.CN;
    if (subject === undefined) throw new Fault(status.UNAUTHENTICATED, 'a certificate with a name is needed');
    return `certificate:${subject}`;
  }
  return socketOf === null ? 'anyone' : `uid:${socketOf}`;
}

/** For one listener. */
export function admission(options: AdmissionOptions): ServerInterceptor {
  const buckets = new TokenBuckets(options.callsPerSecond, options.callsAtOnce);

  const admit = (call: ServerInterceptingCallInterface, metadata: Metadata): void => {
    const { remoteAddress, remotePort } = call.getConnectionInfo();
    const peer = remoteAddress === undefined ? 'unix' : `${remoteAddress} port ${remotePort}`;
    let who = 'unknown';
    try {
      who = identify(options.access, call, metadata);
      options.admitted(remoteAddress, remotePort);
      const early = buckets.take(`${who} ${remoteAddress}`);
      if (early > 0) {
        throw new Fault(status.RESOURCE_EXHAUSTED, `too many calls; wait ${Math.ceil(early)} ms`);
      }
      callers.set(metadata, { who, peer });
    } catch (error) {
      if (error instanceof Fault) {
        options.audit.refusal({ who, peer, result: error.codeName, reason: error.message });
      }
      throw error;
    }
  };

  /** Ends a call when its token has expired or was removed. Returns a function that stops the check. */
  const keepLooking = (
    call: ServerInterceptingCallInterface,
    metadata: Metadata,
    refuse: (fault: Fault) => void,
  ): (() => void) => {
    if (options.access.tokens === null) return () => {};
    const timer = setInterval(() => {
      try {
        identify(options.access, call, metadata);
      } catch (error) {
        clearInterval(timer);
        if (!(error instanceof Fault)) throw error;
        options.audit.refusal({ ...callerOf({ metadata }), result: error.codeName, reason: error.message });
        refuse(error);
      }
    }, LOOK_AGAIN);
    timer.unref();
    return () => clearInterval(timer);
  };

  return (_method, call) => {
    let stopLooking = () => {};
    const refuse = (fault: Fault) => call.sendStatus({ code: fault.code, details: fault.message });
    return new ServerInterceptingCall(call, {
      start: (next) =>
        next(
          new ServerListenerBuilder()
            .withOnReceiveMetadata((metadata, go) => {
              try {
                admit(call, metadata);
              } catch (error) {
                refuse(
                  error instanceof Fault ? error : new Fault(status.INTERNAL, "the caller can't be verified"),
                );
                return;
              }
              stopLooking = keepLooking(call, metadata, refuse);
              go(metadata);
            })
            .withOnCancel(() => stopLooking())
            .build(),
        ),
      sendStatus: (end, next) => {
        stopLooking();
        next(end);
      },
    });
  };
}
