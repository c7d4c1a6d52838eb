/** The calls to the Kubernetes API that a resize needs, and their failures. */

import type { ApiException } from '@kubernetes/client-node';
import { z } from 'zod';
import { EnsembleError } from '../../../errors.js';
import { apiGroup, apiVersion } from '../request.js';
import type { Cluster, KubernetesClient } from './connect.js';
import { type MiniCluster, readMiniCluster } from './minicluster.js';

const plural = 'miniclusters';
/** The name of the client in the object's managedFields. */
const fieldManager = 'flux-ensemble';
/** Maximum MiniClusters in a list. */
const MAX_LISTED = 500;

/**
 * The kind of a failure. `again`: nothing was done, and a later try may succeed. `unclear`: the outcome is unknown.
 * `final`: nothing was done, and a later try fails too.
 */
export type FailureKind = 'again' | 'unclear' | 'final';

/** A failed call of the API. */
export class ApiFailure extends EnsembleError {
  readonly kind: FailureKind;
  /** HTTP status; null without an answer in time. */
  readonly status: number | null;
  /** Seconds that the API requests before the next try; null without a request. */
  readonly retryAfter: number | null;

  constructor(
    kind: FailureKind,
    message: string,
    { status = null, retryAfter = null, cause }: Partial<Pick<ApiFailure, 'status' | 'retryAfter' | 'cause'>>,
  ) {
    super('ERR_SERVICE', message, { cause });
    this.kind = kind;
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

const kindOfStatus: Readonly<Record<number, FailureKind>> = {
  409: 'again',
  429: 'again',
  503: 'again',
  // Proxies also send these after losing a request.
  500: 'unclear',
  502: 'unclear',
  504: 'unclear',
};

/** The kind of an error before HTTP. Without a connection nothing was done. */
function kindOfCode(code: string): FailureKind {
  if (/^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)$/.test(code)) return 'again';
  return /CERT|SIGNATURE|ERR_TLS|ERR_SSL|EPROTO|ERR_INVALID_URL/.test(code) ? 'final' : 'unclear';
}

/** `Retry-After` is a number of seconds or a date (RFC 9110, 10.2.3). Seconds from now, or null. */
export function parseRetryAfter(header: string | undefined, now = Date.now()): number | null {
  if (header === undefined) return null;
  if (/^\d{1,9}$/.test(header.trim())) return Number(header);
  const time = Date.parse(header);
  return Number.isNaN(time) ? null : Math.max(0, (time - now) / 1000);
}

/** The message of the API's Status object. */
function messageOf(body: unknown): string | null {
  let value = body;
  try {
    if (typeof body === 'string') value = JSON.parse(body);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null || !('message' in value)) return null;
  return typeof value.message === 'string' ? value.message.slice(0, 300) : null;
}

function failure(error: unknown, client: KubernetesClient, timedOut: boolean): ApiFailure {
  if (error instanceof client.ApiException) {
    const { code: status, body, headers } = error as ApiException<unknown>;
    const retryAfter = parseRetryAfter(headers['retry-after']);
    const message = messageOf(body) ?? `HTTP status ${status}`;
    return new ApiFailure(kindOfStatus[status] ?? 'final', message, { status, retryAfter, cause: error });
  }
  if (error instanceof z.ZodError) {
    const message = `an object that is not a MiniCluster: ${z.prettifyError(error)}`;
    return new ApiFailure('final', message, { status: 200, cause: error });
  }
  if (timedOut) return new ApiFailure('unclear', 'no answer in time', { cause: error });
  const { message, code = '' } = error as NodeJS.ErrnoException;
  return new ApiFailure(kindOfCode(code), message, { cause: error });
}

export interface MiniClusterApi {
  get(namespace: string, name: string, signal: AbortSignal): Promise<MiniCluster>;
  list(namespace: string, signal: AbortSignal): Promise<MiniCluster[]>;
  /** Sets the size of exactly this version of it; ApiFailure with status 409 when it has changed since. */
  setSize(minicluster: MiniCluster, size: number, signal: AbortSignal): Promise<MiniCluster>;
}

/** Creates the API client. All calls throw ApiFailure. `timeout` is that of one call, in milliseconds. */
export function miniClusterApi(
  { client, config }: Pick<Cluster, 'client' | 'config'>,
  timeout: number,
): MiniClusterApi {
  const { setHeaderMiddleware, setHeaderOptions, PatchStrategy } = client;
  const api = config.makeApiClient(client.CustomObjectsApi);
  const accept = setHeaderMiddleware('Accept', 'application/json');

  /** A call that ends at its deadline, or when its caller no longer waits. */
  async function call<Result>(
    signal: AbortSignal,
    perform: (options: ReturnType<typeof setHeaderOptions>) => Promise<Result>,
  ): Promise<Result> {
    const time = AbortSignal.timeout(timeout);
    const both = AbortSignal.any([signal, time]);
    try {
      return await perform({
        middleware: [
          {
            pre: (request) => {
              request.setSignal(both);
              return accept.pre(request);
            },
            post: accept.post,
          },
        ],
        middlewareMergeStrategy: 'append',
      });
    } catch (error) {
      throw failure(error, client, time.aborted);
    }
  }

  return {
    get: (namespace, name, signal) =>
      call(signal, async (options) =>
        readMiniCluster(
          await api.getNamespacedCustomObject(
            { group: apiGroup, version: apiVersion, plural, namespace, name },
            options,
          ),
        ),
      ),
    list: (namespace, signal) =>
      call(signal, async (options) => {
        const list: unknown = await api.listNamespacedCustomObject(
          { group: apiGroup, version: apiVersion, plural, namespace, limit: MAX_LISTED },
          options,
        );
        return z
          .object({ items: z.array(z.unknown()) })
          .parse(list)
          .items.map(readMiniCluster);
      }),
    setSize: ({ namespace, name, resourceVersion }, size, signal) =>
      call(signal, async (options) =>
        readMiniCluster(
          await api.patchNamespacedCustomObject(
            {
              group: apiGroup,
              version: apiVersion,
              plural,
              namespace,
              name,
              fieldManager,
              body: { metadata: { resourceVersion }, spec: { size } },
            },
            setHeaderOptions('Content-Type', PatchStrategy.MergePatch, options),
          ),
        ),
      ),
  };
}
