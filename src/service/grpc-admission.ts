/** Admits the calls of gRPC. */

import {
  type Metadata,
  ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  type ServerInterceptor,
  ServerListenerBuilder,
} from '@grpc/grpc-js';
import { Admission, type AdmissionOptions, type Caller, type Claim, nameOf } from './admission.js';
import { Fault } from './fault.js';
import { status } from './status-code.js';

/** Stored outside of the headers, because clients control their content. */
const callers = new WeakMap<Metadata, Caller>();

/** Returns who makes a call that was let in. */
export function callerOf(call: { metadata: Metadata }): Caller {
  return callers.get(call.metadata) ?? { who: 'unknown', peer: 'unknown', role: 'viewer' };
}

function claimOf(call: ServerInterceptingCallInterface, metadata: Metadata): Claim {
  const { remoteAddress, remotePort } = call.getConnectionInfo();
  return {
    address: remoteAddress,
    port: remotePort,
    authorization: metadata.get('authorization').map(String),
    subject: () => nameOf(call.getAuthContext().sslPeerCertificate),
  };
}

/** For one listener. */
export function admissionInterceptor(options: AdmissionOptions): ServerInterceptor {
  const admission = new Admission(options);
  return (_method, call) => {
    let stopChecking = () => {};
    const refuse = (fault: Fault) => call.sendStatus({ code: fault.code, details: fault.message });
    return new ServerInterceptingCall(call, {
      start: (next) =>
        next(
          new ServerListenerBuilder()
            .withOnReceiveMetadata((metadata, go) => {
              const claim = claimOf(call, metadata);
              try {
                const caller = admission.admit(claim);
                callers.set(metadata, caller);
                stopChecking = admission.keepChecking(claim, caller, refuse);
              } catch (error) {
                refuse(
                  error instanceof Fault ? error : new Fault(status.INTERNAL, "the caller can't be verified"),
                );
                return;
              }
              go(metadata);
            })
            .withOnCancel(() => stopChecking())
            .build(),
        ),
      sendStatus: (end, next) => {
        stopChecking();
        next(end);
      },
    });
  };
}
