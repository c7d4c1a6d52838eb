/**
 * The backend without Kubernetes: the clusters are the runs that have registered with the service. A resize is sent
 * to the run itself.
 */

import { didYouMean } from '../../text/suggest.js';
import type {
  ClusterBackend,
  ClusterRequest,
  Json,
  KnownRun,
  KnownRuns,
  ResizeAnswer,
  ResizeRequest,
} from './backend.js';
import { describeResize } from './describe-resize.js';
import { Refusal } from './refusal.js';

/** A run, as JSON for callers. */
export function describeRun(name: string, run: KnownRun): Json {
  const { member, size, limits, jobs, metrics, about } = run;
  return { member, name, size, limits, ...about, jobs, metrics };
}

export class RunsBackend implements ClusterBackend {
  readonly #runs: KnownRuns;

  constructor(runs: KnownRuns) {
    this.#runs = runs;
  }

  async status(request: ClusterRequest): Promise<Json> {
    if (request.name !== '') return describeRun(request.name, this.#find(request));
    const found: Json[] = [];
    for (const name of this.#runs.names()) {
      const run = this.#runs.find(name);
      if (run?.member === request.member) found.push(describeRun(name, run));
    }
    return { member: request.member, runs: found };
  }

  async resize(request: ResizeRequest): Promise<ResizeAnswer> {
    const run = this.#find(request);
    if (run.member === 'minicluster') {
      // Its run would ask this service for another size, which would never end.
      throw new Refusal(
        'unsupported',
        `the size of '${request.name}' is that of a MiniCluster; start the service with --kubernetes`,
      );
    }
    const { before, after } = await run.resize(request.delta, request.signal);
    const asked = before + request.delta;
    return { before, asked, after, limits: run.limits, message: describeResize({ before, asked, after }) };
  }

  #find({ member, name }: ClusterRequest): KnownRun {
    const run = this.#runs.find(name);
    if (run === null) {
      throw new Refusal(
        'not_found',
        `no run has registered as '${name}' with this service${didYouMean(name, this.#runs.names())}` +
          (member === 'minicluster' ? '; for MiniClusters it must be started with --kubernetes' : ''),
      );
    }
    if (run.member !== member) {
      throw new Refusal('not_found', `'${name}' runs on the member ${run.member}, not ${member}`);
    }
    return run;
  }
}
