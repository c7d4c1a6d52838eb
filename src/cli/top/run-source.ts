/** The run that is shown: one of this user, also after its end, or one of a server. */

import type { Client } from '../../api/client/client.js';
import { FollowedRun } from '../../api/client/followed-run.js';
import type { EnsembleResource } from '../../api/schemas/ensemble.js';
import { ServiceError } from '../../errors.js';
import { removeStaleSocket } from '../../service/listen.js';
import { notedSocket } from '../../store/run-socket.js';
import { readRun, type StoredRun } from '../../store/runs.js';
import { quote } from '../../text/describe.js';
import { packageVersion } from '../../text/package-version.js';
import { didYouMean } from '../../text/suggest.js';
import { answerOf, clientBy } from '../http-target.js';
import { clientOfRun, socketOf } from '../run-client.js';
import { JobsReader } from './jobs-reader.js';

/** The parts by which views see a run. They are replaced when another process goes on with it. */
export interface Connected {
  readonly client: Client;
  readonly run: FollowedRun;
  readonly jobs: JobsReader;
  close(): void;
}

export interface RunSource {
  readonly current: Connected;
  /** Calls `listener` after each change, until `close`. */
  subscribe(listener: () => void): void;
  close(): void;
}

/** Milliseconds between two looks at the state of a run in its folder. */
const LOOK_EVERY = 1000;

function connect(client: Client, id: string, changed: () => void, release: () => void = () => {}): Connected {
  const run = new FollowedRun(id);
  const unsubscribe = run.subscribe(changed);
  run.open(client);
  return {
    ...{ client, run, jobs: new JobsReader(client, id) },
    close: () => {
      unsubscribe();
      run.close();
      release();
    },
  };
}

/** Shows the folder of a run whose process has ended. Only then its modules are loaded. */
async function connectStored(run: StoredRun, changed: () => void): Promise<Connected> {
  const { StoredEnsemble, StoredSource } = await import('../../api/sources/stored.js');
  const { makeApi } = await import('../../api/app.js');
  const { admitByHost } = await import('../../api/access.js');
  const version = packageVersion();
  const source = new StoredSource(await StoredEnsemble.open(run, version));
  const api = makeApi({
    ...{ source, version, audit: null, log: () => {} },
    admit: admitByHost(() => ({ who: 'user', role: 'operator' })),
    hosts: () => true,
  });
  const client = clientBy(async (url, options) => {
    const headers = new Headers(options?.headers);
    headers.set('host', 'localhost');
    return api.app.fetch(new Request(url, { ...options, headers }));
  });
  return connect(client, run.manifest.ensemble, changed, () => api.close());
}

export class LocalRun implements RunSource {
  readonly #path: string;
  readonly #listeners = new Set<() => void>();
  readonly #changed = () => {
    for (const listener of this.#listeners) listener();
  };
  #current: Connected | null = null;
  /** The process of the run that is shown, or the state that it ended with. */
  #shown = '';
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  private constructor(path: string) {
    this.#path = path;
  }

  /** Throws EnsembleError for a run that can't be reached, and for one whose folder can't be read. */
  static async open({ path }: StoredRun): Promise<LocalRun> {
    const run = new LocalRun(path);
    await run.#look();
    run.#wait();
    return run;
  }

  get current(): Connected {
    return this.#current as Connected;
  }

  subscribe(listener: () => void): void {
    this.#listeners.add(listener);
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#current?.close();
  }

  #wait(): void {
    this.#timer = setTimeout(async () => {
      // The folder may be removed while it is shown. Its last state stays then.
      await this.#look().catch(() => {});
      if (!this.#isClosed) this.#wait();
    }, LOOK_EVERY);
  }

  /** Connects to the process of the run, or opens its folder, where this has changed. */
  async #look(): Promise<void> {
    const run = readRun(this.#path);
    const shown = run.state === 'running' ? `process ${run.manifest.pid} ${run.manifest.resumed}` : run.state;
    if (shown === this.#shown) return;
    let next: Connected;
    if (run.state === 'running') {
      socketOf(run);
      next = connect(clientOfRun(run), run.manifest.ensemble, this.#changed);
    } else {
      const socket = run.state === 'lost' ? notedSocket(run.path) : null;
      if (socket !== null) await removeStaleSocket(socket).catch(() => {});
      next = await connectStored(run, this.#changed);
    }
    if (this.#isClosed) return next.close();
    this.#current?.close();
    this.#current = next;
    this.#shown = shown;
    this.#changed();
  }
}

/** A run of a server. */
export class RemoteRun implements RunSource {
  readonly current: Connected;
  readonly #listeners = new Set<() => void>();

  private constructor(client: Client, id: string) {
    this.current = connect(client, id, () => {
      for (const listener of this.#listeners) listener();
    });
  }

  /** The run with this id or name; without one, the only run that goes on. Throws ServiceError. */
  static async open(client: Client, wanted: string | undefined): Promise<RemoteRun> {
    const { ensembles } = await answerOf(client.get<{ ensembles: EnsembleResource[] }>('ensembles'));
    return new RemoteRun(client, chosen(ensembles, wanted).id);
  }

  subscribe(listener: () => void): void {
    this.#listeners.add(listener);
  }

  close(): void {
    this.current.close();
  }
}

function chosen(ensembles: readonly EnsembleResource[], wanted: string | undefined): EnsembleResource {
  const active = ensembles.filter(({ status }) => status !== 'ended' && status !== 'lost');
  const found =
    wanted === undefined
      ? active
      : ensembles.filter(({ id, name, run }) => id === wanted || name === wanted || run === wanted);
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  const names = (all: readonly EnsembleResource[]) => all.map(({ id, name }) => `${name} (${id})`).join(', ');
  if (found.length > 1) throw new ServiceError(`several runs match; name one by its id: ${names(found)}`);
  if (wanted === undefined)
    throw new ServiceError('the server has no run that goes on; name one of the others');
  const hint = didYouMean(
    wanted,
    ensembles.flatMap(({ id, name }) => [id, name]),
  );
  throw new ServiceError(
    `the server has no run ${quote(wanted)}${hint || `; it has: ${names(ensembles) || 'none'}`}`,
  );
}
