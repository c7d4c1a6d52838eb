/** The HTTP API as a hono app. */

import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { z } from 'zod';
import { requireOperator } from '../service/admission.js';
import type { Admit, Bindings } from './access.js';
import { EventStreams } from './changes/streams.js';
import { Dashboard } from './dashboard.js';
import { JobsReader } from './jobs/reader.js';
import { openApiDocument } from './openapi.js';
import { ApiProblem, problemResponse, type RequestFault } from './problem.js';
import { checkHost, checkJson, checkOrigin, type HostPolicy } from './request-checks.js';
import type { Route, Services } from './route.js';
import { routes } from './routes/index.js';
import { prometheus } from './routes/prometheus.js';
import type { Source } from './sources/source.js';

/** The path of the API. */
export const BASE = '/api/v1';
/** The path that Prometheus asks for by default. */
const METRICS = '/metrics';
/** Maximum bytes of a body. */
const MAX_BODY = 65_536;

export interface AppOptions {
  readonly source: Source;
  readonly admit: Admit;
  /** Names of this server, next to localhost and addresses. */
  readonly hosts: HostPolicy;
  readonly audit: Services['audit'];
  /** Receives internal errors. Callers do not see their details. */
  readonly log: (text: string) => void;
  /** The version of this package. */
  readonly version: string;
  /** Maximum open streams of events; 256 by default. */
  readonly maxStreams?: number;
  /** Metrics for Prometheus are at /metrics too. */
  readonly ownsRoot?: boolean;
  /** The dashboard is at /. */
  readonly dashboard?: boolean;
}

export interface Api {
  readonly app: Hono<{ Bindings: Bindings }>;
  /** Ends all streams of events, and releases everything. */
  close(): void;
}

/** Answers of the API are not pages: no browser may run, frame, store or guess the type of an answer. */
const HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

type ApiContext = Context<{ Bindings: Bindings }>;

/** Reads a part of a request. Throws ApiProblem ERR_REQUEST with all faults. */
function readPart(schema: z.ZodType | undefined, value: unknown, part: string): unknown {
  if (schema === undefined) return undefined;
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  const faults: RequestFault[] = read.error.issues.map(({ path, message }) => ({
    path: [part, ...path].join('.'),
    message,
  }));
  const [first] = faults;
  throw new ApiProblem('ERR_REQUEST', `${first?.path}: ${first?.message}`, { faults });
}

async function readBody(context: ApiContext, { body }: Route): Promise<unknown> {
  if (body === undefined) return undefined;
  checkJson(context.req.raw.headers);
  let value: unknown;
  try {
    value = JSON.parse(await context.req.text());
  } catch (cause) {
    if (cause instanceof ApiProblem) throw cause;
    throw new ApiProblem('ERR_REQUEST', 'body: not valid JSON', { cause });
  }
  return readPart(body, value, 'body');
}

/** Returns the query. A parameter that is given twice is invalid. */
function queryOf(context: ApiContext): Record<string, string> {
  const query: Record<string, string> = {};
  for (const [name, values] of Object.entries(context.req.queries())) {
    if (values.length > 1) throw new ApiProblem('ERR_REQUEST', `query.${name}: given more than once`);
    query[name] = values[0] ?? '';
  }
  return query;
}

/** Makes the app. */
export function makeApi(options: AppOptions): Api {
  const { source, admit, hosts, audit, log, version, maxStreams = 256 } = options;
  const jobs = new JobsReader();
  const streams = new EventStreams(maxStreams);
  const services: Services = { source, jobs, streams, audit };
  const app = new Hono<{ Bindings: Bindings }>();

  app.onError((error) => withHeaders(problemResponse(error, log)));
  app.notFound((context) => {
    const { path } = context.req;
    const problem = new ApiProblem(
      'ERR_NOT_FOUND',
      `nothing is at ${path.slice(0, 200)}; see ${BASE}/openapi.json`,
    );
    return withHeaders(problemResponse(problem, log));
  });
  const guarded = options.ownsRoot === true ? [`${BASE}/*`, METRICS] : [`${BASE}/*`];
  app.on('ALL', guarded, async (context, next) => {
    const { headers } = context.req.raw;
    checkHost(headers, hosts);
    checkOrigin(headers);
    await next();
    withHeaders(context.res);
  });
  app.use(
    `${BASE}/*`,
    bodyLimit({
      maxSize: MAX_BODY,
      onError: () => {
        throw new ApiProblem('ERR_TOO_LARGE', `a body may have ${MAX_BODY} bytes`);
      },
    }),
  );
  app.get(`${BASE}/openapi.json`, async (context) => {
    await admit(context.req.raw, context.env ?? {});
    return context.json(openApiDocument(routes, BASE, version));
  });
  if (options.dashboard === true) addDashboard(app, hosts, log);
  for (const route of routes) addRoute(app, route, pathOf(route), admit, services);
  if (options.ownsRoot === true) {
    for (const route of prometheus) addRoute(app, route, METRICS, admit, services);
  }
  addOtherMethods(app);
  return {
    app,
    close: () => {
      streams.close();
      jobs.close();
    },
  };
}

function withHeaders(response: Response): Response {
  for (const [name, value] of Object.entries(HEADERS)) response.headers.set(name, value);
  return response;
}

const pathOf = ({ url }: Route) => `${BASE}${url.replace(/\{(\w+)\}/g, ':$1')}`;

function addRoute(app: Api['app'], route: Route, path: string, admit: Admit, services: Services): void {
  app.on(route.method, path, async (context) => {
    const { raw } = context.req;
    const bindings = context.env ?? {};
    const { caller, keepChecking } = await admit(raw, bindings);
    if (route.acts === true) requireOperator(caller);
    const answer = await route.handle(
      {
        path: readPart(route.path, context.req.param(), 'path'),
        query: readPart(route.query, queryOf(context), 'query'),
        body: await readBody(context, route),
        headers: raw.headers,
        isHead: raw.method === 'HEAD',
        caller,
        keepChecking,
        disconnect: () => bindings.incoming?.destroy(),
      },
      services,
    );
    return answer instanceof Response ? answer : context.json(answer as object);
  });
}

/** Serves the dashboard at the root. A link of another site may lead there. */
function addDashboard(app: Api['app'], hosts: HostPolicy, log: AppOptions['log']): void {
  let dashboard: Dashboard;
  try {
    dashboard = new Dashboard();
  } catch (error) {
    log((error as Error).message);
    return;
  }
  for (const path of dashboard.paths) {
    app.get(path === 'index.html' ? '/' : `/${path}`, ({ req }) => {
      checkHost(req.raw.headers, hosts);
      const response = dashboard.answer(path, req.header('accept-encoding') ?? null);
      if (response === null) throw new ApiProblem('ERR_NOT_FOUND', `${path} is missing`);
      for (const [name, value] of Object.entries(HEADERS)) {
        if (!response.headers.has(name)) response.headers.set(name, value);
      }
      return response;
    });
  }
}

/** Other methods of known paths. */
function addOtherMethods(app: Api['app']): void {
  const methods = new Map<string, string[]>();
  for (const route of routes) {
    const path = pathOf(route);
    methods.set(path, [...(methods.get(path) ?? []), route.method.toUpperCase()]);
  }
  for (const [path, known] of methods) {
    app.all(path, (context) => {
      const allow = (known.includes('GET') ? [...known, 'HEAD'] : known).join(', ');
      throw new ApiProblem('ERR_METHOD', `${context.req.method} is not one of ${allow}`, {
        headers: { allow },
      });
    });
  }
}
