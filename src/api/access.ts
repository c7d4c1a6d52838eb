/** Who may call: by the admission of the listener, or by the host that the API is mounted in. */

import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import { type Admission, type Caller, type Claim, nameOf, peerOf } from '../service/admission.js';
import type { Fault } from '../service/fault.js';

/** The request of Node under a request of hono; undefined in another server. */
export interface Bindings {
  readonly incoming?: IncomingMessage;
}

export interface Admitted {
  readonly caller: Caller;
  /** Calls `refuse` once the credentials are no longer valid, until the returned function is called. */
  keepChecking(refuse: (fault: Fault) => void): () => void;
}

/** Decides who calls. Throws Fault UNAUTHENTICATED, or RESOURCE_EXHAUSTED for too many calls. */
export type Admit = (request: Request, bindings: Bindings) => Admitted | Promise<Admitted>;

function claimOf(request: Request, { incoming }: Bindings): Claim {
  const socket = incoming?.socket;
  const header = request.headers.get('authorization');
  return {
    address: socket?.remoteAddress,
    port: socket?.remotePort,
    authorization: header === null ? [] : [header],
    subject: () =>
      socket instanceof TLSSocket && socket.authorized ? nameOf(socket.getPeerCertificate()) : undefined,
  };
}

/** Admits by the rules of a listener, which are those of gRPC. */
export function admitBy(admission: Admission): Admit {
  return (request, bindings) => {
    const claim = claimOf(request, bindings);
    const caller = admission.admit(claim);
    return { caller, keepChecking: (refuse) => admission.keepChecking(claim, caller, refuse) };
  };
}

/** A caller, as the host of a mounted API knows it. */
export interface HostCaller {
  /** A name, for the audit and for the firings of requested actions. */
  readonly who: string;
  /** A viewer may look, but not act. */
  readonly role: 'operator' | 'viewer';
}

/** Admits the callers that the host names. Without names, all callers are viewers: the host has let them through. */
export function admitByHost(
  callerOf: ((request: Request) => HostCaller | Promise<HostCaller>) | undefined,
): Admit {
  return async (request, { incoming }) => {
    const { who, role } = (await callerOf?.(request)) ?? { who: 'anyone', role: 'viewer' };
    const { remoteAddress: address, remotePort: port } = incoming?.socket ?? {};
    return { caller: { who, role, peer: peerOf({ address, port }) }, keepChecking: () => () => {} };
  };
}
