/** The resources of the HTTP API, in one place for the page. */

export type { ActionRequest, OutcomeResource } from '../../src/api/schemas/action.js';
export type { CallerResource } from '../../src/api/schemas/caller.js';
export type { ChangeMessage, StateMessage } from '../../src/api/schemas/change.js';
export type { EnsembleResource } from '../../src/api/schemas/ensemble.js';
export type { FailuresOfGroup } from '../../src/api/schemas/failure.js';
export type { GroupResource, HistogramResource, HistogramsResource } from '../../src/api/schemas/group.js';
export type { FiringResource, ProblemResource } from '../../src/api/schemas/happening.js';
export type { JobsPage, JobWithFiles } from '../../src/api/schemas/job.js';
export type {
  HeatMapResource,
  ScatterResource,
  TimelineResource,
  VariablesResource,
} from '../../src/api/schemas/plot.js';
export type { RuleResource } from '../../src/api/schemas/rule.js';
