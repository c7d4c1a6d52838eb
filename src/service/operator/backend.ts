/** The backend of `EnsembleOperator`: it knows the clusters and changes their size. */

/** Which cluster is meant, and until when an answer is waited for. */
export interface ClusterRequest {
  /** The kind of member in the singular: `minicluster`, `local`, `flux`. */
  readonly member: string;
  /** Name without namespace; empty in a status request for all. */
  readonly name: string;
  /** The namespace that the caller named, or null for the backend's own. */
  readonly namespace: string | null;
  /** Aborted when the caller has gone or its deadline is over. */
  readonly signal: AbortSignal;
}

export interface ResizeRequest extends ClusterRequest {
  /** Nodes (slots of the local member) to add; to take away when negative. Never 0. */
  readonly delta: number;
}

/** The limits of a cluster's size; null without a known limit. */
export interface SizeLimits {
  readonly min: number;
  readonly max: number | null;
}

/** A JSON object. */
export type Json = Readonly<Record<string, unknown>>;

/** The result of a resize; sizes in nodes, or slots of the local member. */
export interface ResizeAnswer {
  readonly namespace?: string;
  readonly before: number;
  /** The size that was asked for. */
  readonly asked: number;
  /** The size that it has been set to. */
  readonly after: number;
  readonly limits: SizeLimits | null;
  /** The same in words: `grew from 2 to 3: asked 4, clamped to 3 (maxSize)`. */
  readonly message: string;
}

/** Both methods throw ServiceError with a reason for the caller. */
export interface ClusterBackend {
  status(request: ClusterRequest): Promise<Json>;
  resize(request: ResizeRequest): Promise<ResizeAnswer>;
}

/** A run that has registered with the service, as far as its size and its state matter here. */
export interface KnownRun {
  /** The kind of its member: `local`, `flux`, `minicluster`. */
  readonly member: string;
  /** Its size now, or null when it is not known. */
  readonly size: number | null;
  readonly limits: SizeLimits | null;
  /** Counts of each group, by the group's name: `{"lammps": {"submitted": 5, "running": 2, ...}}`. */
  readonly jobs: Json;
  /** Statistics by the names that rules use: `{"mean.lammps-duration": 31.2}`. */
  readonly metrics: Json;
  /** More about it that is worth telling, such as whether the run is lost. */
  readonly about?: Json;
  /** Asks the run to change its member's size. Throws ServiceError when it can't or does not answer. */
  resize(delta: number, signal: AbortSignal): Promise<{ readonly before: number; readonly after: number }>;
}

/** The runs that the service knows. */
export interface KnownRuns {
  names(): Iterable<string>;
  /** The run of that name; the latest where there are several. */
  find(name: string): KnownRun | null;
}
