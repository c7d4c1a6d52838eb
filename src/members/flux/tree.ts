/** A tree of Flux instances: sub-instances run the jobs, and are jobs of the instance that the member connects to. */

import { setTimeout as sleep } from 'node:timers/promises';
import type { PilotTimes, TreeOptions } from '../../engine/addon.js';
import type { NativeSource } from '../../engine/native-source.js';
import type { FluxTreeOptions } from '../../model/ensemble.js';
import { jsonText } from '../json-text.js';
import { inheritedEnvironment } from './environment.js';

/** Settings of a tree. */
export interface FluxTree extends FluxTreeOptions {
  readonly instances: number;
}

/** Seconds that sub-instances have to end at the end of a run. */
const END_PATIENCE = 60;
/** Seconds until the parent has answered that it cancels their jobs. */
const CANCEL_PATIENCE = 10;

/** Returns the tree of a file with the number of sub-instances of the options; null without a tree. */
export function treeOf(file: FluxTreeOptions | null, given: number | undefined): FluxTree | null {
  const instances = given ?? file?.instances ?? null;
  if (instances === null) return null;
  const none = { nodes: null, cores: null, recycle: null, broker: [] };
  return { ...none, ...file, instances };
}

/** Seconds from the start of a sub-instance's job until it must be up. */
const START_PATIENCE = 60;

/** Sub-instances that are not jobs of a Flux instance. */
export interface Pilots extends PilotTimes {
  /** Seconds from the start of a pilot's job until its instance must be up. */
  readonly startPatience: number;
}

/** The options of the native source. */
export function treeOptions(
  tree: FluxTree,
  {
    run,
    resumed,
    pilots,
  }: { readonly run: string; readonly resumed: boolean; readonly pilots: Pilots | null },
): TreeOptions {
  const { instances, nodes, cores, recycle, broker } = tree;
  // The sub-instance is not asked to run a script, so it is up until its job is canceled.
  const command = ['flux', 'broker', '-Sbroker.rc2_none=1', ...broker];
  const tasks = [{ command, slot: 'task', count: { per_slot: 1 } }];
  const system = {
    duration: 0,
    cwd: process.cwd(),
    environment: inheritedEnvironment({}),
    job: { name: 'ensemble-instance' },
    shell: { options: { mpi: 'none' } },
  };
  const rest = jsonText({ tasks, version: 1, attributes: { system } });
  return {
    ...{ run, instances, resumed },
    nodes: nodes ?? 0,
    cores: cores ?? 0,
    recycle: recycle ?? 0,
    head: `${rest.slice(1, -2)},"user":{`,
    tail: '}}}}',
    startPatience: pilots?.startPatience ?? START_PATIENCE,
    pilots,
  };
}

/** A sub-instance as the native source has it. */
export interface SubInstance {
  readonly instance: number;
  /** The id of its job; null before the journal has shown it. */
  readonly job: string | null;
  readonly uri: string;
  readonly state: 'pending' | 'starting' | 'up' | 'draining' | 'dead';
  /** An earlier process of the run has started it. */
  readonly adopted: boolean;
  readonly jobs: number;
}

/** Requests to one instance. */
export type Requests = Pick<NativeSource, 'request'>;

/** Requests to a sub-instance; to the parent for 0. */
export function requestsOf(source: Requests, instance: number): Requests {
  if (instance === 0) return source;
  return { request: (topic, json, rank) => source.request(`@${instance}/${topic}`, json, rank) };
}

export async function subInstances(source: Requests): Promise<readonly SubInstance[]> {
  const answer = JSON.parse(await source.request('tree.status', '{}')) as { instances: SubInstance[] };
  return answer.instances;
}

/** Changes the number of sub-instances. Returns it before and after. */
export async function resizeTree(
  source: Requests,
  instances: number,
): Promise<{ readonly before: number; readonly after: number }> {
  return JSON.parse(await source.request('tree.resize', JSON.stringify({ instances })));
}

/**
 * Ends the sub-instances. Resolves when their jobs have ended, or after some time. After an abort of the signal, it resolves
 * when their jobs are canceled, and they end later.
 */
export async function endTree(source: Requests, signal: AbortSignal): Promise<void> {
  const shutdown = (wait: boolean, seconds: number, until?: AbortSignal) => {
    const answered = source.request('tree.shutdown', JSON.stringify({ wait })).catch(() => {});
    return Promise.race([
      answered,
      sleep(seconds * 1000, undefined, { signal: until, ref: false }).catch(() => {}),
    ]);
  };
  if (!signal.aborted) await shutdown(true, END_PATIENCE, signal);
  if (signal.aborted) await shutdown(false, CANCEL_PATIENCE);
}
