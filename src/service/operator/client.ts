/** Requests a resize of a MiniCluster from a service, ours or ensemble-python's. */

import { randomUUID } from 'node:crypto';
import { type ServiceError as CallError, type ClientUnaryCall, status } from '@grpc/grpc-js';
import { z } from 'zod';
import { ServiceError } from '../../errors.js';
import type { NodeScaler, ResizeOutcome } from '../../members/member.js';
import { formatAddress } from '../address.js';
import { type ConnectOptions, connection } from '../connect.js';
import type { ActionRequest } from '../generated/convergedcomputing/org/grpc/v1/ActionRequest.js';
import type { EnsembleOperatorClient } from '../generated/convergedcomputing/org/grpc/v1/EnsembleOperator.js';
import type { Response__Output as Response } from '../generated/convergedcomputing/org/grpc/v1/Response.js';
import type { ProtoGrpcType } from '../generated/ensemble-service.js';
import { loadProto } from '../proto.js';
import { apiGroup, apiVersion } from './request.js';

export interface OperatorClientOptions extends ConnectOptions {
  /** The MiniCluster's name. */
  readonly name: string;
  /** Its namespace; null for that of the service. */
  readonly namespace: string | null;
  /** Milliseconds for an answer, including all tries; 45 s by default, longer than our service takes. */
  readonly timeout?: number;
  /** Milliseconds before the second of five tries to reach a service, doubled for each later one; 500 by default. */
  readonly backoff?: number;
}

/** The restart of a service should not make a resize fail. */
const retries = (backoff: number) => ({
  methodConfig: [
    {
      name: [{ service: 'convergedcomputing.org.grpc.v1.EnsembleOperator' }],
      retryPolicy: {
        maxAttempts: 5,
        initialBackoff: `${backoff / 1000}s`,
        maxBackoff: '5s',
        backoffMultiplier: 2,
        retryableStatusCodes: ['UNAVAILABLE'],
      },
    },
  ],
});

/** The known parts of payloads of answers. Other services may send others, or none. */
const answerSchema = z.object({
  before: z.number().optional().catch(undefined),
  after: z.number().optional().catch(undefined),
  message: z.string().optional().catch(undefined),
  code: z.string().optional().catch(undefined),
  reason: z.string().optional().catch(undefined),
});

function readAnswer(payload: string): z.infer<typeof answerSchema> {
  try {
    return answerSchema.parse(JSON.parse(payload));
  } catch {
    return {};
  }
}

export class OperatorClient implements NodeScaler {
  readonly #options: OperatorClientOptions;
  readonly #client: EnsembleOperatorClient;
  readonly #calls = new Set<ClientUnaryCall>();

  /** Connects at the first call. Throws ServiceError: `ERR_INSECURE` when that would be open to others. */
  constructor(options: OperatorClientOptions) {
    this.#options = options;
    const { target, credentials, options: channel } = connection(options);
    const { convergedcomputing } = loadProto<ProtoGrpcType>('ensemble-service.proto');
    const { EnsembleOperator } = convergedcomputing.org.grpc.v1;
    this.#client = new EnsembleOperator(target, credentials, {
      ...channel,
      // Safe with our service, which knows a request by its id. A service of ensemble-python would perform it twice
      // if the connection is lost during the call.
      'grpc.enable_retries': 1,
      'grpc.service_config': JSON.stringify(retries(options.backoff ?? 500)),
    });
  }

  /**
   * Requests a resize. Throws ServiceError: `ERR_SERVICE` when the service refuses or times out,
   * `ERR_SERVICE_UNREACHABLE` without a service.
   */
  async resize(delta: number, signal?: AbortSignal): Promise<ResizeOutcome> {
    const { name, namespace } = this.#options;
    const action = delta > 0 ? 'grow' : 'shrink';
    const payload = JSON.stringify({
      version: apiVersion,
      group: apiGroup,
      [action]: Math.abs(delta),
      ...(namespace === null ? {} : { namespace }),
      // The id identifies a repeated request: a lost answer must not grow a cluster twice.
      request: randomUUID(),
    });
    const response = await this.#call({ member: 'miniclusters', name, action, payload }, signal);
    const { before = null, after = null, message, code, reason } = readAnswer(response.payload);
    switch (response.status) {
      case 'SUCCESS':
        return { before, after, note: message ?? 'done; the service did not report the sizes' };
      case 'UNSPECIFIED':
        return { before, after, note: 'the service accepted it and did not report a result' };
      default: {
        const why = `${reason ?? 'the service gave no reason'}${code === undefined ? '' : ` (${code})`}`;
        throw new ServiceError(`${action} of MiniCluster '${name}': ${response.status}: ${why}`);
      }
    }
  }

  /** Aborts calls in progress. Idempotent. */
  close(): void {
    for (const call of this.#calls) call.cancel();
    this.#client.close();
  }

  #call(request: ActionRequest, signal: AbortSignal | undefined): Promise<Response> {
    const { timeout = 45_000 } = this.#options;
    return new Promise((resolve, reject) => {
      const call = this.#client.RequestAction(
        request,
        { deadline: Date.now() + timeout },
        (error, response) => {
          this.#calls.delete(call);
          signal?.removeEventListener('abort', giveUp);
          if (error === null && response !== undefined) resolve(response);
          else reject(this.#failure(error));
        },
      );
      const giveUp = () => call.cancel();
      this.#calls.add(call);
      signal?.addEventListener('abort', giveUp);
      if (signal?.aborted) giveUp();
    });
  }

  #failure(error: CallError | null): ServiceError {
    const where = formatAddress(this.#options.address);
    // The system's message within that of gRPC is the useful part.
    const details =
      error?.details.replace(/^.*Last error: (?:Error: )?(.*?)\. Resolution note:.*$/s, '$1') ?? '';
    const options = { cause: error };
    switch (error?.code) {
      case status.UNAVAILABLE:
        return new ServiceError(`no service can be reached at ${where}: ${details}`, {
          ...options,
          code: 'ERR_SERVICE_UNREACHABLE',
        });
      case status.DEADLINE_EXCEEDED:
        return new ServiceError(
          `the service at ${where} did not answer in time; the result of the request is unknown`,
          options,
        );
      case status.UNAUTHENTICATED:
      case status.PERMISSION_DENIED:
        return new ServiceError(`the service at ${where} refuses the credentials: ${details}`, options);
      case status.UNIMPLEMENTED:
        return new ServiceError(`the server at ${where} is not a service for ensembles: ${details}`, options);
      default:
        return new ServiceError(`the service at ${where} failed: ${details}`, options);
    }
  }
}
