/** Sends each request to the backend of its kind of member. */

import type { ClusterBackend, ClusterRequest, Json, ResizeAnswer, ResizeRequest } from './backend.js';

export interface BackendsByKind {
  readonly minicluster: ClusterBackend;
  readonly others: ClusterBackend;
}

export class ClusterBackends implements ClusterBackend {
  readonly #backends: BackendsByKind;

  constructor(backends: BackendsByKind) {
    this.#backends = backends;
  }

  status(request: ClusterRequest): Promise<Json> {
    return this.#for(request).status(request);
  }

  resize(request: ResizeRequest): Promise<ResizeAnswer> {
    return this.#for(request).resize(request);
  }

  #for({ member }: ClusterRequest): ClusterBackend {
    return member === 'minicluster' ? this.#backends.minicluster : this.#backends.others;
  }
}
