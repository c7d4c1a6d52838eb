/** Errors as answers: problem details (RFC 9457) with a stable code. */

import { z } from 'zod';
import { EnsembleError } from '../errors.js';
import { Fault } from '../service/fault.js';
import type { StatusName } from '../service/status-code.js';
import { component } from './schemas/common.js';

/** Each code with its status and its title. */
const PROBLEMS = {
  ERR_REQUEST: [400, 'The request is invalid'],
  ERR_UNAUTHENTICATED: [401, 'The caller is unknown'],
  ERR_FORBIDDEN: [403, 'The caller may not do this'],
  ERR_NOT_FOUND: [404, 'The resource is unknown'],
  ERR_METHOD: [405, 'The resource does not have this method'],
  ERR_ACTION: [409, 'The action failed'],
  ERR_RUN: [409, 'The run does not allow this'],
  ERR_TOO_LARGE: [413, 'The request is too large'],
  ERR_MEDIA_TYPE: [415, 'The body must be JSON'],
  ERR_RANGE: [416, 'The range is outside of the file'],
  ERR_HOST: [421, 'The request names another host'],
  ERR_BUSY: [429, 'Too many requests'],
  ERR_INTERNAL: [500, 'Internal error'],
  ERR_UNAVAILABLE: [503, 'The run is not connected'],
  ERR_TIMEOUT: [504, 'The run did not answer in time'],
} as const satisfies Record<`ERR_${string}`, readonly [number, string]>;

export type ProblemCode = keyof typeof PROBLEMS;
export const problemCodes = Object.keys(PROBLEMS) as ProblemCode[];

const ofFault: Readonly<Partial<Record<StatusName, ProblemCode>>> = {
  INVALID_ARGUMENT: 'ERR_REQUEST',
  UNAUTHENTICATED: 'ERR_UNAUTHENTICATED',
  PERMISSION_DENIED: 'ERR_FORBIDDEN',
  NOT_FOUND: 'ERR_NOT_FOUND',
  ABORTED: 'ERR_ACTION',
  FAILED_PRECONDITION: 'ERR_RUN',
  RESOURCE_EXHAUSTED: 'ERR_BUSY',
  UNAVAILABLE: 'ERR_UNAVAILABLE',
  DEADLINE_EXCEEDED: 'ERR_TIMEOUT',
};

/** One fault of a request. */
export interface RequestFault {
  /** `query.limit`, `body.value`. */
  readonly path: string;
  readonly message: string;
}

/** An answer that is an error. The message is for the caller. */
export class ApiProblem extends Error {
  readonly code: ProblemCode;
  readonly faults: readonly RequestFault[];
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    code: ProblemCode,
    message: string,
    {
      faults = [],
      headers = {},
      ...options
    }: Partial<Pick<ApiProblem, 'faults' | 'headers'>> & ErrorOptions = {},
  ) {
    super(message, options);
    this.code = code;
    this.faults = faults;
    this.headers = headers;
    this.name = 'ApiProblem';
  }
}

export const problemDetails = component(
  'ProblemDetails',
  'An error (RFC 9457).',
  z.object({
    type: z.literal('about:blank'),
    status: z.int(),
    title: z.string(),
    code: z.enum(problemCodes as [ProblemCode, ...ProblemCode[]]),
    detail: z.string().meta({ description: 'The fault that was found, and the form that is expected.' }),
    faults: z
      .array(z.object({ path: z.string(), message: z.string() }))
      .optional()
      .meta({ description: 'All faults of an invalid request.' }),
  }),
);

/** The problem of any error. Details of internal errors go to the log only. */
function problemOf(error: unknown, log: (text: string) => void): ApiProblem {
  if (error instanceof ApiProblem) return error;
  if (error instanceof Fault) {
    const code = ofFault[error.codeName];
    const headers = code === 'ERR_UNAUTHENTICATED' ? { 'www-authenticate': 'Bearer' } : {};
    if (code !== undefined) return new ApiProblem(code, error.message, { headers });
  }
  if (error instanceof EnsembleError) {
    if (error.code === 'ERR_RUN' || error.code === 'ERR_CLOSED')
      return new ApiProblem('ERR_RUN', error.message);
    if (/^ERR_(ACTION|CUSTOM)/.test(error.code)) return new ApiProblem('ERR_ACTION', error.message);
  }
  log(`internal error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  return new ApiProblem('ERR_INTERNAL', 'internal error; the log of the server has it');
}

/** The code of any error. */
export function problemCode(error: unknown): ProblemCode {
  return problemOf(error, () => {}).code;
}

/** The answer of an error. */
export function problemResponse(error: unknown, log: (text: string) => void): Response {
  const { code, message, faults, headers } = problemOf(error, log);
  const [status, title] = PROBLEMS[code];
  const details: z.infer<typeof problemDetails> = {
    type: 'about:blank',
    status,
    title,
    code,
    detail: message,
    ...(faults.length === 0 ? {} : { faults: [...faults] }),
  };
  return new Response(JSON.stringify(details), {
    status,
    headers: { 'content-type': 'application/problem+json', ...headers },
  });
}
