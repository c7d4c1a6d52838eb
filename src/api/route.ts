/** A route: its form for the router and for the OpenAPI document, and what it does. */

import type { z } from 'zod';
import type { Caller } from '../service/admission.js';
import type { Audit } from '../service/audit.js';
import type { EventStreams } from './changes/streams.js';
import type { JobsReader } from './jobs/reader.js';
import { components } from './schemas/common.js';
import type { Source } from './sources/source.js';

/** The services that all routes use. */
export interface Services {
  readonly source: Source;
  readonly jobs: JobsReader;
  readonly streams: EventStreams;
  /** Null where the host of the API keeps its own record of actions. */
  readonly audit: Pick<Audit, 'action'> | null;
}

/** A request, checked. */
export interface RouteRequest<Path, Query, Body> {
  readonly path: Path;
  readonly query: Query;
  readonly body: Body;
  readonly headers: Headers;
  /** Only the headers of the answer are wanted; a body would never be read. */
  readonly isHead: boolean;
  readonly caller: Caller;
  /** Calls `refuse` once the caller's credentials are no longer valid, until the returned function is called. */
  keepChecking(refuse: () => void): () => void;
  /** Closes the connection, where that is possible. */
  disconnect(): void;
}

export interface Route<
  Path extends z.ZodType = z.ZodType,
  Query extends z.ZodType = z.ZodType,
  Body extends z.ZodType = z.ZodType,
  Answer extends z.ZodType = z.ZodType,
> {
  readonly method: 'get' | 'post';
  /** In the form of OpenAPI: `/ensembles/{ensemble}/groups`. */
  readonly url: string;
  /** Its name in the OpenAPI document. */
  readonly operation: string;
  readonly summary: string;
  /** Only operators may use it. */
  readonly acts?: boolean;
  readonly path?: Path;
  readonly query?: Query;
  readonly body?: Body;
  /** The answer in JSON; null for an answer of another type. */
  readonly answer: Answer | null;
  /** The types of an answer that is not JSON. */
  readonly types?: readonly string[];
  /** Returns the answer, or a response of its own. Throws ApiProblem, Fault or EnsembleError. */
  handle(
    request: RouteRequest<z.infer<Path>, z.infer<Query>, z.infer<Body>>,
    services: Services,
  ): z.input<Answer> | Response | Promise<z.input<Answer> | Response>;
}

/** Gives a route its types, and its answer a name in the OpenAPI document. */
export function route<
  Path extends z.ZodType,
  Query extends z.ZodType,
  Body extends z.ZodType,
  Answer extends z.ZodType,
>(described: Route<Path, Query, Body, Answer>): Route {
  const { answer, operation } = described;
  const id = `${operation[0]?.toUpperCase()}${operation.slice(1)}Answer`;
  if (answer !== null && !components.has(answer)) components.add(answer, { id });
  return described as unknown as Route;
}
