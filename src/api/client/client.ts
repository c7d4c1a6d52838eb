/** Requests to the HTTP API, from the dashboard and from commands. */

/** The token of a client. */
export interface Credentials {
  /** Null without one. */
  readonly token: string | null;
  /** The server did not accept it, or the lack of one. */
  refused(reason: string): void;
}

/** `fetch`, as far as it is used. */
export type Fetcher = (url: string, options?: RequestInit) => Promise<Response>;

/** An answer that is an error, or a server that does not answer (status 0). */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ApiError';
    this.status = status;
    this.code = code;
  }
}

export type Query = Readonly<Record<string, string | number | null | undefined>>;

/** Returns a path with its query; empty values are left out. */
export function withQuery(path: string, query: Query): string {
  const given = Object.entries(query).filter(
    ([, value]) => value !== null && value !== undefined && value !== '',
  );
  if (given.length === 0) return path;
  return `${path}?${new URLSearchParams(given.map(([name, value]): [string, string] => [name, String(value)]))}`;
}

/** The path of an ensemble, or of a part of it. */
export function pathOf(ensemble: string, ...parts: readonly string[]): string {
  return ['ensembles', ensemble, ...parts].map(encodeURIComponent).join('/');
}

export class Client {
  readonly #base: string;
  readonly #credentials: Credentials;
  readonly #fetch: Fetcher;

  /** `base` ends with a slash. */
  constructor(
    base: string,
    credentials: Credentials,
    fetcher: Fetcher = (url, options) => fetch(url, options),
  ) {
    this.#base = base;
    this.#credentials = credentials;
    this.#fetch = fetcher;
  }

  /** Sends a request. Throws ApiError for each answer that is an error. */
  async send(path: string, options: RequestInit = {}): Promise<Response> {
    const headers = new Headers(options.headers);
    const { token } = this.#credentials;
    if (token !== null) headers.set('authorization', `Bearer ${token}`);
    let response: Response;
    try {
      response = await this.#fetch(this.#base + path, { ...options, headers });
    } catch (cause) {
      if (options.signal?.aborted) throw cause;
      throw new ApiError(0, 'ERR_UNREACHABLE', 'the server does not answer', { cause });
    }
    if (response.ok) return response;
    throw await this.#errorOf(response);
  }

  async get<Answer>(path: string, signal?: AbortSignal): Promise<Answer> {
    const response = await this.send(path, signal === undefined ? {} : { signal });
    return (await response.json()) as Answer;
  }

  async post<Answer>(path: string, body: unknown): Promise<Answer> {
    const response = await this.send(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return (await response.json()) as Answer;
  }

  async #errorOf(response: Response): Promise<ApiError> {
    let code = 'ERR_STATUS';
    let detail = `the server answered with the status ${response.status}`;
    try {
      const problem = (await response.json()) as { code?: unknown; detail?: unknown };
      if (typeof problem.code === 'string') code = problem.code;
      if (typeof problem.detail === 'string') detail = problem.detail;
    } catch {
      // An answer of a proxy has no problem in JSON; its status is enough.
    }
    if (response.status === 401) this.#credentials.refused(detail);
    return new ApiError(response.status, code, detail);
  }
}
