/**
 * Serves a run over HTTP: at the address of `--http`, and for other commands of this user on a private socket, which each
 * run with a folder has. Little is loaded before the first connection.
 */

import { join } from 'node:path';
import { HttpListener } from '../api/listen.js';
import { LiveSource } from '../api/sources/live.js';
import { EnsembleError } from '../errors.js';
import type { Ensemble } from '../run/ensemble.js';
import type { ServiceAddress } from '../service/address.js';
import { Audit } from '../service/audit.js';
import { forgetSocket, noteSocket } from '../store/run-socket.js';
import { packageVersion } from '../text/package-version.js';
import { type HttpOptions, httpAddress, reportAddress } from './http.js';
import { complain } from './output.js';

const log = (text: string) => complain(text, 'warning');

export class RunServer {
  readonly #ensemble: Ensemble;
  readonly #source: LiveSource;
  readonly #auditFile: string | null;
  readonly #version = packageVersion();
  readonly #listeners: HttpListener[] = [];
  #audit: Audit | null = null;
  #noted: string | null = null;
  #closing: Promise<void> | null = null;

  private constructor(ensemble: Ensemble, configuration: string | undefined, auditFile: string | undefined) {
    const { runFolder } = ensemble;
    this.#ensemble = ensemble;
    this.#source = new LiveSource(ensemble, {
      version: this.#version,
      configuration: configuration ?? null,
    });
    this.#auditFile = auditFile ?? (runFolder === null ? null : join(runFolder, 'audit.jsonl'));
  }

  /**
   * Serves a run; null for one without `--http` and without a folder. `configuration` is the text of the ensemble's file,
   * where it is not in the folder of the run. Throws ServiceError for `--http`; without the private socket, the run goes
   * on after a warning.
   */
  static async open(
    ensemble: Ensemble,
    options: HttpOptions & { readonly json?: boolean },
    configuration: string | undefined,
  ): Promise<RunServer | null> {
    if (options.http === undefined && ensemble.runFolder === null) return null;
    const server = new RunServer(ensemble, configuration, options.httpAudit);
    try {
      if (options.http !== undefined) await server.#listen(options.http, options);
      await server.#listenPrivately();
      return server;
    } catch (error) {
      // The state of a run that has not begun is unknown.
      await server.#release();
      throw error;
    }
  }

  /** Whether there was a connection. */
  get used(): boolean {
    return this.#listeners.some((listener) => listener.used);
  }

  /** Shows the end of the run to all readers, and closes. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    if (this.used) await this.#source.ensemble.conclude();
    await this.#release();
  }

  async #release(): Promise<void> {
    this.#source.close();
    await Promise.all(this.#listeners.map((listener) => listener.close()));
    this.#audit?.close();
    try {
      if (this.#noted !== null) forgetSocket(this.#noted);
    } catch {
      // A note without a socket is ignored.
    }
  }

  async #listen(
    http: string | true,
    options: HttpOptions & { readonly json?: boolean },
  ): Promise<HttpListener> {
    const { httpTokenFile = null, httpTlsCert, httpTlsKey, httpTlsCa = null } = options;
    const tls =
      httpTlsCert === undefined || httpTlsKey === undefined
        ? null
        : { cert: httpTlsCert, key: httpTlsKey, ca: httpTlsCa };
    // Its file is reported now, where it can't be written.
    this.#openAudit();
    const listener = await this.#open(httpAddress(http, this.#socket('http')), {
      ...{ tls, tokenFile: httpTokenFile, prefix: '--http-' },
      insecure: options.httpInsecure === true,
      names: options.httpName ?? [],
    });
    reportAddress(listener.address, tls !== null, options.json === true);
    return listener;
  }

  /** Another Unix socket of the run has the same rules, so it serves other commands too. */
  async #listenPrivately(): Promise<void> {
    const { runFolder } = this.#ensemble;
    if (runFolder === null) return;
    try {
      const [first] = this.#listeners;
      const { address } =
        first?.address.kind === 'unix' ? first : await this.#open(httpAddress(true, this.#socket('run')), {});
      if (address.kind !== 'unix') return;
      noteSocket(runFolder, address.path);
      this.#noted = runFolder;
    } catch (error) {
      if (!(error instanceof EnsembleError) && (error as NodeJS.ErrnoException).syscall === undefined)
        throw error;
      log(`other commands, as ensemble top, can't reach this run: ${(error as Error).message}`);
    }
  }

  /** The random part of the id distinguishes runs. */
  #socket(kind: string): string {
    return `${kind}-${this.#ensemble.id.slice(-12)}.sock`;
  }

  #openAudit(): Audit {
    this.#audit ??= new Audit(this.#auditFile, log);
    return this.#audit;
  }

  async #open(
    address: ServiceAddress,
    options: Omit<
      Parameters<typeof HttpListener.open>[0],
      'address' | 'source' | 'audit' | 'log' | 'version'
    >,
  ): Promise<HttpListener> {
    const listener = await HttpListener.open({
      ...{ address, source: this.#source, audit: () => this.#openAudit(), log, version: this.#version },
      ...options,
    });
    this.#listeners.push(listener);
    return listener;
  }
}
