/** Lists, watches and acts on the ensembles of a service, with promises. */

import { type ServiceError as GrpcError, status } from '@grpc/grpc-js';
import { ServiceError } from '../../errors.js';
import type { ExternalAction } from '../../run/external-actions.js';
import { formatAddress, type ServiceAddress } from '../address.js';
import { type ConnectOptions, connection, unreachable } from '../connect.js';
import { textsOfParameters } from './entry.js';
import {
  type ActResponse,
  type EnsembleState,
  type EnsemblesClient,
  ensemblesProto,
  type MergedGroup,
  type WatchResponse,
} from './proto.js';

const refusals: ReadonlySet<status> = new Set([
  status.INVALID_ARGUMENT,
  status.NOT_FOUND,
  status.FAILED_PRECONDITION,
  status.ABORTED,
]);

type Callback<T> = (error: GrpcError | null, value?: T) => void;

export class ServiceClient {
  readonly #client: EnsemblesClient;
  readonly #address: ServiceAddress;

  /** Nothing is sent before the first call. Throws ServiceError, `ERR_INSECURE` among others. */
  constructor(options: ConnectOptions) {
    const { target, credentials, options: channel } = connection(options);
    this.#client = new (ensemblesProto().Ensembles)(target, credentials, channel);
    this.#address = options.address;
  }

  /** Every ensemble that the service knows, without groups and firings. */
  async list(): Promise<EnsembleState[]> {
    const { ensembles } = await this.#call<{ ensembles: EnsembleState[] }>((done) => {
      this.#client.List({}, done);
    });
    return ensembles;
  }

  /** One ensemble, by its name or id. */
  get(ensemble: string): Promise<EnsembleState> {
    return this.#call((done) => {
      this.#client.Get({ ensemble }, done);
    });
  }

  /** Performs an action in a run, and resolves when it is done. Throws ServiceError when it failed. */
  act(ensemble: string, { name, label = '', value, parameters = {} }: ExternalAction): Promise<ActResponse> {
    const request = { ensemble, action: name, label, parameters: textsOfParameters(parameters) };
    return this.#call((done) => {
      this.#client.Act({ ...request, ...(value === undefined ? {} : { value }) }, done);
    });
  }

  /** Returns the statistics of one group over many ensembles; over all running ones when none are named. */
  merge(group: string, ensembles: readonly string[] = []): Promise<MergedGroup> {
    return this.#call((done) => {
      this.#client.Merge({ group, ensembles: [...ensembles] }, done);
    });
  }

  /**
   * The state of one ensemble (or of all, for null), and then its changes: with the groups that have changed, and the
   * firings since. `brief` leaves both out. Ends when `signal` is aborted. Throws ServiceError.
   */
  async *watch(
    ensemble: string | null,
    { brief = false, signal }: { brief?: boolean; signal?: AbortSignal } = {},
  ): AsyncGenerator<WatchResponse, void, void> {
    const call = this.#client.Watch({ ensemble: ensemble ?? '', brief });
    // The handler stays after the last message, because canceling emits an error.
    call.on('error', () => {});
    const cancel = () => call.cancel();
    signal?.addEventListener('abort', cancel);
    if (signal?.aborted) cancel();
    try {
      yield* call as AsyncIterable<WatchResponse>;
    } catch (error) {
      if (signal?.aborted) return;
      throw this.#failure(error as GrpcError);
    } finally {
      signal?.removeEventListener('abort', cancel);
      call.cancel();
    }
  }

  close(): void {
    this.#client.close();
  }

  #call<T>(start: (done: Callback<T>) => void): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      start((error, value) => {
        if (error === null) resolve(value as T);
        else reject(this.#failure(error));
      });
    });
  }

  #failure(error: GrpcError): ServiceError {
    const { code, details } = error;
    const message = unreachable(this.#address, error);
    if (message !== null) return new ServiceError(message, { cause: error, code: 'ERR_SERVICE_UNREACHABLE' });
    // A refusal is complete. Other errors need the address of their origin.
    const text = refusals.has(code)
      ? details
      : `the service at ${formatAddress(this.#address)}: ${status[code]}: ${details}`;
    return new ServiceError(text, { cause: error });
  }
}
