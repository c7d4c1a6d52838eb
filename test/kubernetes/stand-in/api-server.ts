/**
 * A stand-in for the Kubernetes API server: TLS, bearer tokens with the verbs that each may use, discovery, and
 * MiniClusters with LIST, GET, WATCH, POST, merge PATCH, PUT and PATCH of the scale subresource, DELETE. Other
 * requests receive an error. kubectl.test.ts verifies it with the real kubectl.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { discovery } from './discovery.js';
import { type Failure, Failures, type SeenRequest, type Verb } from './failures.js';
import { type KubeObject, StatusError, Store } from './store.js';

/** Who has a token, and what they may do with MiniClusters. */
export interface Account {
  readonly token: string;
  readonly name: string;
  readonly verbs: readonly Verb[];
  /** The one namespace where they may; all of them when left out. */
  readonly namespace?: string;
}

export interface ApiServerOptions {
  readonly accounts: readonly Account[];
  /** PEM. */
  readonly certificate: string;
  readonly key: string;
  /** As in a cluster without the Flux operator. */
  readonly withoutMiniClusters?: boolean;
}

interface Target {
  readonly namespace: string | null;
  readonly name: string | null;
  readonly subresource: string | null;
}

const resourcePath =
  /^\/apis\/flux-framework\.org\/v1alpha2(?:\/namespaces\/([^/]+))?\/miniclusters(?:\/([^/]+)(?:\/(scale|status))?)?$/;

function targetOf(pathname: string): Target | null {
  const match = resourcePath.exec(pathname);
  if (match === null) return null;
  const [, namespace = null, name = null, subresource = null] = match.map((part) =>
    part === undefined ? undefined : decodeURIComponent(part),
  );
  return { namespace, name, subresource };
}

function verbOf(request: IncomingMessage, target: Target, query: URLSearchParams): Verb {
  switch (request.method) {
    case 'GET':
      if (target.name !== null) return 'get';
      return ['1', 'true'].includes(query.get('watch') ?? '') ? 'watch' : 'list';
    case 'PATCH':
      return 'patch';
    case 'PUT':
      return 'update';
    case 'POST':
      return 'create';
    case 'DELETE':
      return 'delete';
    default:
      throw new StatusError(405, 'MethodNotAllowed', `the stand-in does not know ${request.method}`);
  }
}

function scaleOf({ metadata, spec, status }: KubeObject): object {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = metadata;
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { replicas: spec.size ?? 0 },
    status: { replicas: status?.size ?? 0, selector: status?.selector ?? '' },
  };
}

/** A change of a Scale as one of its MiniCluster. */
function fromScale(scale: unknown): object {
  const { metadata, spec } = scale as {
    metadata?: { resourceVersion?: string };
    spec?: { replicas?: number };
  };
  const version = metadata?.resourceVersion;
  return {
    ...(version === undefined ? {} : { metadata: { resourceVersion: version } }),
    spec: { size: spec?.replicas ?? 0 },
  };
}

export class ApiServer {
  readonly store = new Store();
  readonly requests: SeenRequest[] = [];
  readonly #options: ApiServerOptions;
  readonly #failures = new Failures();
  readonly #server: Server;

  private constructor(options: ApiServerOptions) {
    this.#options = options;
    const { certificate: cert, key } = options;
    this.#server = createServer({ cert, key }, (request, response) => void this.#serve(request, response));
  }

  static async start(options: ApiServerOptions): Promise<ApiServer> {
    const api = new ApiServer(options);
    await new Promise<void>((resolve) => api.#server.listen(0, '127.0.0.1', resolve));
    return api;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `https://127.0.0.1:${this.port}`;
  }

  fail(failure: Failure): void {
    this.#failures.order(failure);
  }

  /** The verbs of the requests for MiniClusters so far. */
  get verbs(): Verb[] {
    return this.requests.map(({ verb }) => verb);
  }

  async close(): Promise<void> {
    this.#failures.end();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await this.#answer(request, response);
    } catch (error) {
      const status =
        error instanceof StatusError ? error : new StatusError(500, 'InternalError', String(error));
      if (response.headersSent) response.destroy();
      else sendStatus(response, status);
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams: query } = new URL(request.url ?? '/', this.url);
    const account = this.#authenticate(request);
    const found = discovery(pathname, this.#options.withoutMiniClusters === true);
    if (found !== null) return send(response, 200, found);
    const target = this.#options.withoutMiniClusters ? null : targetOf(pathname);
    // Unknown paths receive plain text instead of a Status object.
    if (target === null) return send(response, 404, '404 page not found\n', 'text/plain');

    const verb = verbOf(request, target, query);
    const content = await text(request);
    const contentType = request.headers['content-type'];
    const body = content === '' ? null : parse(content);
    this.requests.push({ verb, name: target.name, user: account.name, contentType, body });
    authorize(account, verb, target);

    const failure = this.#failures.take(verb);
    failure?.meanwhile?.();
    const perform = () => this.#perform(verb, target, body, query, contentType);
    if (failure?.answer !== undefined) {
      if (failure.done) perform();
      if (failure.answer === 'hang') this.#failures.hang(response);
      else response.destroy();
      return;
    }
    if (failure?.status !== undefined) {
      if (failure.retryAfter !== undefined) response.setHeader('Retry-After', failure.retryAfter);
      throw new StatusError(failure.status, 'Injected', `injected failure ${failure.status}`);
    }
    if (verb === 'watch') return this.#watch(target, query, request, response);
    send(response, verb === 'create' ? 201 : 200, perform());
  }

  #authenticate(request: IncomingMessage): Account {
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1]?.trim();
    const account = this.#options.accounts.find((known) => known.token === token);
    if (account === undefined) throw new StatusError(401, 'Unauthorized', 'Unauthorized');
    return account;
  }

  #perform(
    verb: Verb,
    { namespace, name, subresource }: Target,
    body: unknown,
    query: URLSearchParams,
    contentType: string | undefined,
  ): object {
    if (verb === 'list') return this.#list(namespace, query);
    if (namespace === null) throw new StatusError(405, 'MethodNotAllowed', 'a namespace is needed');
    if (verb === 'create') {
      const object = body as KubeObject;
      return this.store.create({ ...object, metadata: { ...object.metadata, namespace } });
    }
    if (name === null) throw new StatusError(405, 'MethodNotAllowed', 'a name is needed');
    if (verb === 'patch' && !contentType?.startsWith('application/merge-patch+json')) {
      throw new StatusError(
        415,
        'UnsupportedMediaType',
        `the stand-in knows merge patches, not ${contentType}`,
      );
    }
    const present = subresource === 'scale' ? scaleOf : (object: KubeObject) => object;
    switch (verb) {
      case 'get':
        return present(this.store.get(namespace, name));
      case 'patch':
      case 'update':
        if (subresource === 'scale') return scaleOf(this.store.patch(namespace, name, fromScale(body)));
        return this.store.patch(namespace, name, body, subresource === 'status' ? 'status' : 'object');
      default:
        return this.store.delete(namespace, name);
    }
  }

  #list(namespace: string | null, query: URLSearchParams): object {
    const only = nameSelector(query);
    return {
      apiVersion: 'flux-framework.org/v1alpha2',
      kind: 'MiniClusterList',
      metadata: { resourceVersion: this.store.version },
      items: this.store.list(namespace).filter(({ metadata }) => only === null || metadata.name === only),
    };
  }

  #watch(target: Target, query: URLSearchParams, request: IncomingMessage, response: ServerResponse): void {
    const only = nameSelector(query);
    const from = Number(query.get('resourceVersion') || '0');
    response.writeHead(200, { 'Content-Type': 'application/json' });
    response.flushHeaders();
    const write = (event: object) => void response.write(`${JSON.stringify(event)}\n`);
    const before = from === 0 ? this.#present(target.namespace) : this.store.since(from);
    if (before === null) {
      write({
        type: 'ERROR',
        object: statusObject(new StatusError(410, 'Expired', 'too old resource version')),
      });
      return void response.end();
    }
    const interested = ({ object }: { object: KubeObject }) =>
      (target.namespace === null || object.metadata.namespace === target.namespace) &&
      (only === null || object.metadata.name === only);
    for (const event of before) if (interested(event)) write(event);
    const stop = this.store.watch((event) => {
      if (interested(event)) write(event);
    });
    request.on('close', stop);
    response.on('close', stop);
  }

  #present(namespace: string | null) {
    return this.store.list(namespace).map((object) => ({ type: 'ADDED' as const, object }));
  }
}

function nameSelector(query: URLSearchParams): string | null {
  return /^metadata\.name=(.+)$/.exec(query.get('fieldSelector') ?? '')?.[1] ?? null;
}

function authorize({ name, verbs, namespace }: Account, verb: Verb, target: Target): void {
  if (verbs.includes(verb) && (namespace === undefined || namespace === target.namespace)) return;
  throw new StatusError(
    403,
    'Forbidden',
    `miniclusters.flux-framework.org is forbidden: User "${name}" cannot ${verb} resource "miniclusters" in API group ` +
      `"flux-framework.org" in the namespace "${target.namespace}"`,
  );
}

function parse(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    throw new StatusError(400, 'BadRequest', 'the body is no JSON');
  }
}

function statusObject({ code, reason, message }: StatusError): object {
  const details = { group: 'flux-framework.org', kind: 'miniclusters' };
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason,
    details,
    code,
  };
}

function sendStatus(response: ServerResponse, error: StatusError): void {
  send(response, error.code, statusObject(error));
}

function send(
  response: ServerResponse,
  status: number,
  body: object | string,
  type = 'application/json',
): void {
  response.writeHead(status, { 'Content-Type': type });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}
