/** The service `flux_ensemble.v1.Ensembles`: runs register, people and programs list, get, watch and act. */

import type { ServerWritableStream } from '@grpc/grpc-js';
import { externalActionNames, isExternal } from '../../run/external-actions.js';
import { counted } from '../../text/counted.js';
import { didYouMean } from '../../text/suggest.js';
import { type Caller, requireOperator } from '../admission.js';
import { type Audit, auditedParameters } from '../audit.js';
import { Fault, faultOf } from '../fault.js';
import { unary } from '../handlers.js';
import type { HostedService } from '../server.js';
import { status } from '../status-code.js';
import { mergeGroups } from './merge.js';
import { type ActRequest, type EnsemblesHandlers, ensemblesProto, type GroupState } from './proto.js';
import type { Registry } from './registry.js';
import { Session } from './session.js';
import { Watcher } from './watcher.js';

export interface EnsemblesOptions {
  /** Closed with the service. */
  readonly registry: Registry;
  readonly audit: Audit;
  readonly log: (text: string) => void;
  /** Seconds between two updates of a run; 0.25 by default. */
  readonly interval?: number;
  /** Seconds for a run to perform an action; 120 by default. */
  readonly actionTimeout?: number;
  /** Maximum concurrent actions; 100 by default. */
  readonly maxActions?: number;
}

const SHUTDOWN = 'the service is shutting down';

/** Validates an action. Throws Fault for an invalid one. */
function checkAct({ action, value }: ActRequest): void {
  if (!isExternal(action)) {
    const hint = didYouMean(action, externalActionNames) || `; there are ${externalActionNames.join(', ')}`;
    throw new Fault(status.INVALID_ARGUMENT, `no action '${action.slice(0, 40)}'${hint}`);
  }
  if (value !== undefined && !Number.isSafeInteger(value)) {
    throw new Fault(status.INVALID_ARGUMENT, `the value of ${action} must be a whole number`);
  }
}

export function ensemblesService(options: EnsemblesOptions): HostedService {
  const { registry, audit, log, interval = 0.25, actionTimeout = 120, maxActions = 100 } = options;
  const watchers = new Set<Watcher>();
  let pending = 0;

  const act = async (request: ActRequest, caller: Caller) => {
    requireOperator(caller);
    const { ensemble, action, label, value, parameters } = request;
    const entry = registry.find(ensemble);
    const { id } = entry.hello;
    checkAct(request);
    if (entry.end !== null) throw new Fault(status.FAILED_PRECONDITION, `${ensemble} (${id}) has ended`);
    if (entry.session === null) throw new Fault(status.UNAVAILABLE, `${ensemble} (${id}) is not connected`);
    if (pending >= maxActions) {
      throw new Fault(
        status.RESOURCE_EXHAUSTED,
        `the service has ${counted(pending, 'action')} in progress already`,
      );
    }
    pending++;
    try {
      const done = await entry.session.act({ name: action, label, value, parameters, askedBy: caller.who });
      const { text, before, after } = done;
      return { id, text, ...(before === null || after === null ? {} : { before, after }) };
    } finally {
      pending--;
    }
  };

  const audited = async (request: ActRequest, caller: Caller) => {
    const { ensemble, action, label, value = null, parameters } = request;
    const { who, peer } = caller;
    const what = { ensemble, action, label, value, ...auditedParameters(parameters) };
    const entry = { call: 'Act', who, peer, what };
    try {
      const done = await act(request, caller);
      audit.action({ ...entry, result: 'done', reason: done.text });
      return done;
    } catch (error) {
      const fault = faultOf(error, log);
      audit.action({ ...entry, result: fault.codeName, reason: fault.message });
      throw fault;
    }
  };

  const handlers: EnsemblesHandlers = {
    Register: (call) => {
      void new Session(call, { registry, audit, log, interval, actionTimeout }).follow();
    },
    List: unary(log, () => ({
      ensembles: [...registry.entries].map((entry) => entry.state(Number.POSITIVE_INFINITY)),
    })),
    Get: unary(log, ({ ensemble }) => registry.find(ensemble).state(0)),
    Act: unary(log, audited),
    Merge: unary(log, ({ group, ensembles }) => {
      const entries =
        ensembles.length === 0
          ? [...registry.entries].filter((entry) => entry.live)
          : ensembles.map((name) => registry.find(name));
      const states: GroupState[] = [];
      const ids = new Set<string>();
      for (const entry of entries) {
        const state = entry.group(group);
        if (state === undefined || ids.has(entry.hello.id)) continue;
        ids.add(entry.hello.id);
        states.push(state);
      }
      if (states.length === 0) {
        const names = new Set(entries.flatMap((entry) => [...entry.groupNames]));
        throw new Fault(
          status.NOT_FOUND,
          `no group '${group.slice(0, 100)}' in ${counted(entries.length, 'ensemble')}${didYouMean(group, names)}`,
        );
      }
      return { ...mergeGroups(states), ensembles: [...ids] };
    }),
    Watch: (call) => {
      void watch(call);
    },
  };

  async function watch(call: Parameters<EnsemblesHandlers['Watch']>[0]): Promise<void> {
    try {
      const { ensemble } = call.request;
      const watcher = new Watcher(call, registry, ensemble === '' ? null : registry.find(ensemble));
      watchers.add(watcher);
      await watcher.follow().finally(() => watchers.delete(watcher));
    } catch (error) {
      const { code, message } = faultOf(error, log);
      (call as ServerWritableStream<unknown, unknown>).emit('error', { code, details: message });
    }
  }

  return {
    definition: ensemblesProto().Ensembles.service,
    handlers,
    close: () => {
      for (const watcher of watchers) watcher.end(SHUTDOWN);
      registry.close(SHUTDOWN);
    },
  };
}
