/** Requests jobs: the window of a table that is on the screen, one job, and the end of its output. */

import { ApiError, type Client, pathOf, withQuery } from '../../api/client/client.js';
import type { JobsPage, JobWithFiles } from '../../api/schemas/job.js';
import { RESULTS } from '../../store/jobs/results.js';
import { requestedColumns } from './jobs-view.js';
import type { JobsWindow, ShownJob, ShownOutput } from './model.js';

/** Bytes at the end of an output that are read first. */
const FIRST_BYTES = 131_072;
/** The latest lines are kept. */
const KEPT_LINES = 5000;

export interface JobsQuestion {
  readonly filter: string;
  readonly newestFirst: boolean;
  /** Index of the first job, and their number. */
  readonly from: number;
  readonly count: number;
}

/**
 * The query of a filter: groups and results at its beginning, and an expression after them: `melt failed duration > 60`.
 */
export function queryOf(
  filter: string,
  groups: readonly string[],
): Record<'group' | 'result' | 'where', string> {
  const found: Record<'group' | 'result', string[]> = { group: [], result: [] };
  let rest = filter.trim();
  for (;;) {
    const [word = ''] = /^[^\s,]+/.exec(rest) ?? [];
    const kind = groups.includes(word)
      ? 'group'
      : (RESULTS as readonly string[]).includes(word)
        ? 'result'
        : null;
    if (word === '' || kind === null) break;
    found[kind].push(word);
    rest = rest.slice(word.length).replace(/^[\s,]+/, '');
  }
  return { group: found.group.join(','), result: found.result.join(','), where: rest };
}

const reasonOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

/** A run without a log, and a filter that is not valid yet, have no jobs to show. */
function wordsFor(error: unknown): string {
  return error instanceof ApiError && error.status === 0 ? 'no connection to the run' : reasonOf(error);
}

export class JobsReader {
  readonly #client: Client;
  readonly #ensemble: string;
  #columns: readonly string[] = [];

  constructor(client: Client, ensemble: string) {
    this.#client = client;
    this.#ensemble = ensemble;
  }

  /** A part of the jobs. A failure is its `error`. */
  async window(
    { filter, newestFirst, from, count }: JobsQuestion,
    groups: readonly string[],
  ): Promise<JobsWindow> {
    try {
      const columns = requestedColumns(this.#columns);
      const path = withQuery(pathOf(this.#ensemble, 'jobs'), {
        ...queryOf(filter, groups),
        ...{ sort: newestFirst ? 'submit:desc' : '', columns: columns.join(','), limit: count, skip: from },
      });
      const page = await this.#client.get<JobsPage>(path);
      const hadColumns = this.#columns.length > 0;
      this.#columns = page.columns;
      // The first answer has named the parameters.
      const isComplete = hadColumns || requestedColumns(page.columns).length <= columns.length;
      if (!isComplete) return this.window({ filter, newestFirst, from, count }, groups);
      return { from, rows: page.jobs, matching: page.matching, total: page.total, columns, error: null };
    } catch (error) {
      return { from: 0, rows: [], matching: 0, total: 0, columns: [], error: wordsFor(error) };
    }
  }

  async job(id: string): Promise<ShownJob> {
    try {
      return { job: await this.#client.get<JobWithFiles>(pathOf(this.#ensemble, 'jobs', id)), error: null };
    } catch (error) {
      return { job: null, error: wordsFor(error) };
    }
  }

  /** Follows the end of an output. */
  output(job: string, stream: 'output' | 'error'): OutputReader {
    return new OutputReader(
      this.#client,
      withQuery(pathOf(this.#ensemble, 'jobs', job, 'output'), { stream }),
    );
  }
}

/** Reads the end of an output, and then what is written to it. */
export class OutputReader {
  readonly #client: Client;
  readonly #path: string;
  readonly #decoder = new TextDecoder();
  /** The place after the bytes that were read; null before. */
  #next: number | null = null;
  #lines: string[] = [];
  /** The last line, which may not be whole. */
  #rest = '';
  #skipped = 0;

  constructor(client: Client, path: string) {
    this.#client = client;
    this.#path = path;
  }

  /** Reads on. A missing file may come later. */
  async read(): Promise<ShownOutput> {
    try {
      await this.#readOn();
      return this.#shown(null);
    } catch (error) {
      return this.#shown(this.#next === null ? wordsFor(error) : null);
    }
  }

  #shown(error: string | null): ShownOutput {
    const lines = this.#rest === '' ? this.#lines : [...this.#lines, this.#rest];
    return { lines, skipped: this.#skipped, error };
  }

  async #readOn(): Promise<void> {
    const range = this.#next === null ? `bytes=-${FIRST_BYTES}` : `bytes=${this.#next}-`;
    let response: Response;
    try {
      response = await this.#client.send(this.#path, { headers: { range } });
    } catch (error) {
      // Nothing was written since.
      if (error instanceof ApiError && error.status === 416) return;
      throw error;
    }
    const bytes = new Uint8Array(await response.arrayBuffer());
    const [, from = '0'] = /^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '') ?? [];
    // An empty file has no range.
    if (this.#next !== null && Number(from) !== this.#next) return;
    if (this.#next === null) this.#skipped = Number(from);
    this.#next = Number(from) + bytes.length;
    const [first = '', ...others] = (this.#rest + this.#decoder.decode(bytes, { stream: true })).split('\n');
    const lines = [first, ...others];
    this.#rest = lines.pop() ?? '';
    this.#lines = [...this.#lines, ...lines.map((line) => line.replace(/\r$/, ''))].slice(-KEPT_LINES);
  }
}
