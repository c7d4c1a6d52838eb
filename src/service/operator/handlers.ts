/**
 * The service `EnsembleOperator` of proto/ensemble-service.proto: reads a request, calls the backend, and always
 * answers with JSON.
 */

import type { ServerUnaryCall, sendUnaryData } from '@grpc/grpc-js';
import { type Caller, requireOperator } from '../admission.js';
import type { Audit } from '../audit.js';
import { Fault } from '../fault.js';
import type { ActionRequest__Output as ActionRequest } from '../generated/convergedcomputing/org/grpc/v1/ActionRequest.js';
import type { EnsembleOperatorHandlers } from '../generated/convergedcomputing/org/grpc/v1/EnsembleOperator.js';
import type { Response } from '../generated/convergedcomputing/org/grpc/v1/Response.js';
import type { StatusRequest__Output as StatusRequest } from '../generated/convergedcomputing/org/grpc/v1/StatusRequest.js';
import type { ProtoGrpcType } from '../generated/ensemble-service.js';
import { callerOf } from '../grpc-admission.js';
import { loadProto } from '../proto.js';
import type { HostedService } from '../server.js';
import { status } from '../status-code.js';
import type { ClusterBackend, Json, ResizeAnswer } from './backend.js';
import { RecentRequests } from './recent-requests.js';
import { Refusal } from './refusal.js';
import { apiGroup, apiVersion, readAction, readMember, readName, readPayload } from './request.js';
import { Workers } from './workers.js';

export interface OperatorOptions {
  readonly backend: ClusterBackend;
  /** Receives every action, including refused ones. */
  readonly audit: Pick<Audit, 'action'>;
  /** Receives internal errors of the service. Callers do not see their details. */
  readonly log: (text: string) => void;
  /** Maximum concurrent actions; others wait. */
  readonly workers: number;
}

/** The longest time of a resize that can't be aborted, in milliseconds. */
const MAX_RESIZE_TIME = 30_000;
/** Maximum characters of a request in the audit. */
const MAX_IN_AUDIT = 300;

interface Answer {
  readonly status: 'SUCCESS' | 'ERROR' | 'DENIED';
  readonly body: Json;
}

/** Aborted when the caller has disconnected, or its deadline has passed. */
function signalOf<Request>(call: ServerUnaryCall<Request, Response>): AbortSignal {
  const controller = new AbortController();
  if (call.cancelled) controller.abort();
  else call.on('cancelled', () => controller.abort());
  return controller.signal;
}

class Operator {
  readonly #options: OperatorOptions;
  readonly #workers: Workers;
  readonly #recent = new RecentRequests<ResizeAnswer>();

  constructor(options: OperatorOptions) {
    this.#options = options;
    this.#workers = new Workers(options.workers);
  }

  status(request: StatusRequest, signal: AbortSignal): Promise<Answer> {
    return this.#answer(async () => {
      const member = readMember(request.member);
      return this.#options.backend.status({ member, ...readName(request.name, null, true), signal });
    });
  }

  action(request: ActionRequest, caller: Caller, signal: AbortSignal): Promise<Answer> {
    return this.#answer(async () => {
      requireOperator(caller);
      const name = readAction(request.action);
      const member = readMember(request.member);
      const payload = readPayload(request.payload, name);
      const target = readName(request.name, payload.namespace, false);
      const delta = name === 'grow' ? payload.step : -payload.step;
      const resize = (until: AbortSignal) =>
        this.#workers.run(until, () =>
          this.#options.backend.resize({ member, ...target, delta, signal: until }),
        );
      if (payload.request === null)
        return { member, name: target.name, action: name, ...(await resize(signal)) };
      // A caller that loses this call may ask again, so the resize must go on.
      const key = JSON.stringify([payload.request, member, target, delta]);
      const outcome = await this.#recent.once(key, () => resize(AbortSignal.timeout(MAX_RESIZE_TIME)));
      return { member, name: target.name, action: name, ...outcome };
    });
  }

  async #answer(perform: () => Promise<Json>): Promise<Answer> {
    try {
      return { status: 'SUCCESS', body: await perform() };
    } catch (error) {
      if (error instanceof Fault && error.code === status.PERMISSION_DENIED) {
        return { status: 'DENIED', body: { code: 'forbidden', reason: error.message } };
      }
      if (error instanceof Refusal) {
        return { status: error.status, body: { code: error.reasonCode, reason: error.message } };
      }
      this.#options.log(`internal error: ${error instanceof Error ? error.stack : String(error)}`);
      return {
        status: 'ERROR',
        body: { code: 'internal', reason: 'internal error; the log of the service has it' },
      };
    }
  }
}

/** The service, for a ServiceServer. */
export function operatorService(options: OperatorOptions): HostedService {
  const operator = new Operator(options);

  function send(callback: sendUnaryData<Response>, { status, body }: Answer): void {
    callback(null, { status, payload: JSON.stringify({ version: apiVersion, group: apiGroup, ...body }) });
  }

  const handlers: EnsembleOperatorHandlers = {
    RequestStatus: async (call, callback) => {
      send(callback, await operator.status(call.request, signalOf(call)));
    },
    RequestAction: async (call, callback) => {
      const caller = callerOf(call);
      const answer = await operator.action(call.request, caller, signalOf(call));
      options.audit.action({
        call: 'RequestAction',
        who: caller.who,
        peer: caller.peer,
        what: Object.fromEntries(
          Object.entries(call.request).map(([key, text]) => [key, text.slice(0, MAX_IN_AUDIT)]),
        ),
        result: answer.status === 'SUCCESS' ? 'done' : answer.status,
        reason: String(answer.body.message ?? answer.body.reason),
      });
      send(callback, answer);
    },
  };
  const { convergedcomputing } = loadProto<ProtoGrpcType>('ensemble-service.proto');
  return {
    definition: convergedcomputing.org.grpc.v1.EnsembleOperator.service,
    handlers,
    close: () => {},
  };
}
