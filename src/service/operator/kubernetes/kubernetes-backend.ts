/** The backend with Kubernetes: the clusters are MiniClusters of the Flux operator, with a field for their size. */

import { didYouMean } from '../../../text/suggest.js';
import type {
  ClusterBackend,
  ClusterRequest,
  Json,
  KnownRuns,
  ResizeAnswer,
  ResizeRequest,
} from '../backend.js';
import { describeResize } from '../describe-resize.js';
import { Refusal } from '../refusal.js';
import { Turns } from '../turns.js';
import { type ConnectOptions, connect } from './connect.js';
import type { MiniCluster } from './minicluster.js';
import { type MiniClusterApi, miniClusterApi } from './minicluster-api.js';
import { limitsOf, planResize, type ResizePlan } from './resize-plan.js';
import { Tries } from './tries.js';

export interface KubernetesBackendOptions {
  readonly api: MiniClusterApi;
  /** The namespace of the MiniClusters. */
  readonly namespace: string;
  /** The registered runs in the MiniClusters. */
  readonly runs: KnownRuns;
  /** Milliseconds for a whole request with all tries; 20 s by default. */
  readonly patience?: number;
  /** Milliseconds before the second try, doubled for each later one; 200 by default. */
  readonly backoff?: number;
}

/** Milliseconds that one call of the API may take. */
const CALL_TIMEOUT = 5000;

/** The backend for the cluster of this process. Throws ServiceError when no cluster is found. */
export function kubernetesBackend({ runs, ...options }: ConnectOptions & { readonly runs: KnownRuns }): {
  readonly backend: KubernetesBackend;
  /** How the cluster was found, for people. */
  readonly origin: string;
} {
  const cluster = connect(options);
  const { namespace, origin } = cluster;
  const api = miniClusterApi(cluster, CALL_TIMEOUT);
  return { backend: new KubernetesBackend({ api, namespace, runs }), origin };
}

export class KubernetesBackend implements ClusterBackend {
  readonly #options: KubernetesBackendOptions;
  /** Requests for one MiniCluster are serialized here. Changes by others are detected by its version. */
  readonly #turns = new Turns();

  constructor(options: KubernetesBackendOptions) {
    this.#options = options;
  }

  /** The namespace of its MiniClusters. */
  get namespace(): string {
    return this.#options.namespace;
  }

  /** Checks its access. Resolves with a problem, or null. Never throws. */
  async check(): Promise<string | null> {
    const { api, namespace } = this.#options;
    try {
      await this.#tries(namespace, new AbortController().signal).until((signal) =>
        api.list(namespace, signal),
      );
      return null;
    } catch (error) {
      return (error as Error).message;
    }
  }

  async status(request: ClusterRequest): Promise<Json> {
    const namespace = this.#namespaceOf(request);
    const tries = this.#tries(namespace, request.signal);
    if (request.name !== '') {
      return { member: 'minicluster', ...this.#describe(await this.#get(tries, request.name)) };
    }
    const miniclusters = await tries.until((signal) => this.#options.api.list(namespace, signal));
    return {
      member: 'minicluster',
      namespace,
      miniclusters: miniclusters.map((found) => this.#describe(found)),
    };
  }

  async resize(request: ResizeRequest): Promise<ResizeAnswer> {
    const namespace = this.#namespaceOf(request);
    const tries = this.#tries(namespace, request.signal);
    return this.#turns.take(`${namespace}/${request.name}`, () => this.#resize(tries, request));
  }

  async #resize(tries: Tries, { name, delta }: ResizeRequest): Promise<ResizeAnswer> {
    while (true) {
      const minicluster = await this.#get(tries, name);
      const { namespace } = minicluster;
      const { doubt } = tries;
      if (doubt !== null && minicluster.size !== doubt.before) {
        // The answer to a patch was lost. The patch was done if the size is the requested one.
        if (minicluster.size === doubt.after) return answerOf(namespace, doubt, minicluster.size);
        throw new Refusal(
          'unclear',
          `no answer from Kubernetes to the change of '${name}' from ${doubt.before} to ${doubt.after}, and now its ` +
            `size is ${minicluster.size}: another client changed it too; ask for its status before trying again`,
        );
      }
      const plan = planResize(minicluster, delta);
      if (plan.after === plan.before) return answerOf(namespace, plan, plan.before);
      try {
        const changed = await this.#options.api.setSize(minicluster, plan.after, tries.signal);
        return answerOf(namespace, plan, changed.size);
      } catch (error) {
        await tries.failed(error, plan);
      }
    }
  }

  async #get(tries: Tries, name: string): Promise<MiniCluster> {
    const { api } = this.#options;
    const { namespace } = tries;
    try {
      return await tries.until((signal) => api.get(namespace, name, signal));
    } catch (error) {
      if (!(error instanceof Refusal) || error.reasonCode !== 'not_found') throw error;
      const names = await this.#names(tries);
      throw new Refusal(
        'not_found',
        `there is no MiniCluster '${name}' in namespace '${namespace}'${didYouMean(name, names)}`,
      );
    }
  }

  /** Returns the names of MiniClusters. Throws Refusal when the cluster has no such resource. */
  async #names(tries: Tries): Promise<string[]> {
    try {
      const found = await tries.until((signal) => this.#options.api.list(tries.namespace, signal));
      return found.map(({ name }) => name);
    } catch (error) {
      // A MiniCluster may be resized without the permission to list.
      if (error instanceof Refusal && error.reasonCode === 'forbidden') return [];
      throw error;
    }
  }

  #tries(namespace: string, signal: AbortSignal): Tries {
    const { patience = 20_000, backoff = 200 } = this.#options;
    return new Tries({ namespace, signal, patience, backoff });
  }

  #namespaceOf({ namespace }: ClusterRequest): string {
    const { namespace: own } = this.#options;
    if (namespace === null || namespace === own) return own;
    throw new Refusal('forbidden', `this service looks after namespace '${own}', not '${namespace}'`);
  }

  #describe(minicluster: MiniCluster): Json {
    const { name, namespace, size, currentSize } = minicluster;
    const run = this.#options.runs.find(name);
    return {
      namespace,
      name,
      size,
      // The size that the operator has set up. It follows later.
      currentSize,
      limits: limitsOf(minicluster),
      run: run === null ? null : { ...run.about },
      jobs: run?.jobs ?? null,
      metrics: run?.metrics ?? null,
    };
  }
}

function answerOf(namespace: string, plan: ResizePlan, after: number): ResizeAnswer {
  const { before, asked, limits, limit } = plan;
  // A webhook of the cluster may have changed the size.
  const why = after === plan.after ? limit : 'by the cluster';
  return {
    namespace,
    before,
    asked,
    after,
    limits,
    message: describeResize({ before, asked, after }, why ?? undefined),
  };
}
