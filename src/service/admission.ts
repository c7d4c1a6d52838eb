/** Admits the calls to a service, whatever protocol they come by, before anything but their headers is read. */

import type { Certificate } from 'node:tls';
import type { Audit } from './audit.js';
import { Fault } from './fault.js';
import { TokenBuckets } from './rate.js';
import { status } from './status-code.js';
import type { Role, TokenKeeper } from './tokens.js';

export interface Caller {
  /** As `uid:1000`, `certificate:alice`, `token:alice`, `anyone`. */
  readonly who: string;
  /** An IP address and port, or `unix`. */
  readonly peer: string;
  readonly role: Role;
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

/** The origin of a call, and what it shows to be let in. */
export interface Claim {
  /** Undefined for a Unix socket. */
  readonly address: string | undefined;
  readonly port: number | undefined;
  /** All headers `authorization`. */
  readonly authorization: readonly string[];
  /** The common name of the certificate; undefined without one. */
  subject(): string | undefined;
}

/** The common name of a certificate; undefined without one. */
export function nameOf(
  certificate: { readonly subject?: Certificate } | null | undefined,
): string | undefined {
  const name = certificate?.subject?.CN;
  return name === undefined ? undefined : String(name);
}

/** The origin of a call, for the audit. An address is undefined for a Unix socket. */
export function peerOf({ address, port }: Pick<Claim, 'address' | 'port'>): string {
  return address === undefined ? 'unix' : `${address} port ${port}`;
}

/** Milliseconds between two checks of a long call's credentials. */
const LOOK_AGAIN = 3000;

function bearer({ authorization }: Claim): string | null {
  const [only, ...others] = authorization;
  const match = only !== undefined && others.length === 0 ? /^bearer +(\S+)$/i.exec(only) : null;
  return match?.[1] ?? null;
}

function identify({ socketOf, certificate, tokens }: Access, claim: Claim): Pick<Caller, 'who' | 'role'> {
  if (tokens !== null) {
    const value = bearer(claim);
    if (value === null)
      throw new Fault(status.UNAUTHENTICATED, 'a bearer token is needed: --token-file FILE');
    const token = tokens.find(value);
    if (token === 'unknown') throw new Fault(status.UNAUTHENTICATED, 'the token is not one of this service');
    if (token === 'expired') throw new Fault(status.UNAUTHENTICATED, 'the token has expired');
    return { who: `token:${token.name}`, role: token.role };
  }
  if (certificate) {
    const subject = claim.subject();
    if (subject === undefined) throw new Fault(status.UNAUTHENTICATED, 'a certificate with a name is needed');
    return { who: `certificate:${subject}`, role: 'operator' };
  }
  return { who: socketOf === null ? 'anyone' : `uid:${socketOf}`, role: 'operator' };
}

/** Admits the calls of one listener. */
export class Admission {
  readonly #options: AdmissionOptions;
  readonly #buckets: TokenBuckets;

  constructor(options: AdmissionOptions) {
    this.#options = options;
    this.#buckets = new TokenBuckets(options.callsPerSecond, options.callsAtOnce);
  }

  /** Returns who calls. Throws Fault, after a line in the audit, for a caller that is not let in, or calls too often. */
  admit(claim: Claim): Caller {
    const { address, port } = claim;
    const peer = peerOf(claim);
    let who = 'unknown';
    try {
      const known = identify(this.#options.access, claim);
      who = known.who;
      this.#options.admitted(address, port);
      const early = this.#buckets.take(`${who} ${address}`);
      if (early > 0) {
        throw new Fault(status.RESOURCE_EXHAUSTED, `too many calls; wait ${Math.ceil(early)} ms`);
      }
      return { peer, ...known };
    } catch (error) {
      if (error instanceof Fault) this.#refuse({ who, peer }, error);
      throw error;
    }
  }

  /**
   * Checks the credentials of a long call again and again: its token may expire, or be removed. `refuse` is called at
   * most once. Returns a function that stops the checks.
   */
  keepChecking(claim: Claim, caller: Caller, refuse: (fault: Fault) => void): () => void {
    if (this.#options.access.tokens === null) return () => {};
    const timer = setInterval(() => {
      try {
        identify(this.#options.access, claim);
      } catch (error) {
        clearInterval(timer);
        if (!(error instanceof Fault)) throw error;
        this.#refuse(caller, error);
        refuse(error);
      }
    }, LOOK_AGAIN);
    timer.unref();
    return () => clearInterval(timer);
  }

  #refuse({ who, peer }: Pick<Caller, 'who' | 'peer'>, { codeName, message }: Fault): void {
    this.#options.audit.refusal({ who, peer, result: codeName, reason: message });
  }
}

/** Throws Fault PERMISSION_DENIED for a caller that may only look. */
export function requireOperator({ who, role }: Pick<Caller, 'who' | 'role'>): void {
  if (role === 'operator') return;
  throw new Fault(status.PERMISSION_DENIED, `${who} may look, but not act: the role is ${role}`);
}
