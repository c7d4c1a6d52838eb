/**
 * The public API of `flux-ensemble/api`: the HTTP API of an ensemble, to mount in a server of your own.
 *
 * @module flux-ensemble/api
 */

import type { Hono } from 'hono';
import type { AuditEntry } from '../service/audit.js';
import { packageVersion } from '../text/package-version.js';
import { admitByHost, type HostCaller } from './access.js';
import { makeApi } from './app.js';
import { LiveSource, type ShownEnsemble } from './sources/live.js';

export type { AuditEntry } from '../service/audit.js';
export type { HostCaller } from './access.js';
export type { ShownEnsemble } from './sources/live.js';

export interface ApiOptions {
  /**
   * Returns who makes a request that your server has let through, and whether this caller may act. Without this option,
   * all callers are viewers, who may not act.
   */
  readonly caller?: (request: Request) => HostCaller | Promise<HostCaller>;
  /** Names of your server in requests, next to `localhost` and addresses: `hpc.example.org`. */
  readonly hosts?: readonly string[];
  /** The text of the ensemble's file, for a run without a folder. */
  readonly configuration?: string;
  /** Serves the dashboard at the root of the app, too; false by default. */
  readonly dashboard?: boolean;
  /** Seconds between two messages of a stream of events; 0.25 by default. */
  readonly interval?: number;
  /** Maximum open streams of events; 256 by default. */
  readonly maxStreams?: number;
  /** Receives every action, also refused ones. */
  readonly audit?: { action(entry: AuditEntry): void };
  /** Receives internal errors; they are written to standard error by default. */
  readonly log?: (text: string) => void;
}

/**
 * Returns the HTTP API of an ensemble as a hono app, below `/api/v1`. Mount it with `app.route('/', api)` in hono, or with
 * `getRequestListener(api.fetch)` of `@hono/node-server` in another server. Its streams end with the run.
 */
export function createApp(ensemble: ShownEnsemble, options: ApiOptions = {}): Hono {
  const { caller, hosts = [], configuration = null, interval = 0.25, audit = null, maxStreams } = options;
  const names = new Set(hosts.map((name) => name.toLowerCase()));
  const version = packageVersion();
  const { app } = makeApi({
    source: new LiveSource(ensemble, { interval, version, configuration }),
    admit: admitByHost(caller),
    hosts: (name) => names.has(name),
    audit,
    log: options.log ?? ((text) => console.error(`flux-ensemble: ${text}`)),
    version,
    dashboard: options.dashboard === true,
    ...(maxStreams === undefined ? {} : { maxStreams }),
  });
  return app as unknown as Hono;
}
