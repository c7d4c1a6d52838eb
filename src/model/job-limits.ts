/** Limits of an ensemble or of a job group. */

/** Limits that end submissions when they are reached. */
export const BUDGETS = ['jobs', 'nodeHours', 'wall', 'failures'] as const;
export type Budget = (typeof BUDGETS)[number];

/** Null for no limit. */
export interface Limits {
  /** The most jobs that are active at once. Other jobs are held back before their submission. */
  readonly active: number | null;
  /** Submissions a second. */
  readonly rate: number | null;
  /** Submitted jobs. */
  readonly jobs: number | null;
  /** Nodes of jobs, times the hours for which the jobs had them. */
  readonly nodeHours: number | null;
  /** Seconds since the run began or, for a group, since its first job was submitted. */
  readonly wall: number | null;
  /** Failed jobs: their number, or their share (from 0 to 1) of the jobs that have ended. */
  readonly failures: { readonly jobs: number } | { readonly share: number } | null;
}

export const NO_LIMITS: Limits = {
  active: null,
  rate: null,
  jobs: null,
  nodeHours: null,
  wall: null,
  failures: null,
};

/** Limits of the ensemble (null) and of groups by name. */
export interface AllLimits {
  readonly limits: Limits;
  readonly groups: ReadonlyMap<string, { readonly limits: Limits }>;
}

/** Yields the limits of the ensemble (null), then those of each group. */
export function* limitsByOwner({ limits, groups }: AllLimits): Generator<[string | null, Limits]> {
  yield [null, limits];
  for (const [name, group] of groups) yield [name, group.limits];
}

/** Whether anything is limited. */
export function hasLimits(all: AllLimits): boolean {
  return [...limitsByOwner(all)].some(([, limits]) => Object.values(limits).some((limit) => limit !== null));
}

/** The name of a budget in rules and messages: `jobs`, or `jobs.GROUP`. */
export function budgetName(budget: Budget, group: string | null): string {
  return group === null ? budget : `${budget}.${group}`;
}
