/** The service `flux_ensemble.v1.Ensembles` with its messages, as both sides use it. */

import type { ProtoGrpcType } from '../generated/ensembles.js';
import { loadProto } from '../proto.js';

export type { About__Output as About } from '../generated/flux_ensemble/v1/About.js';
export type { ActRequest__Output as ActRequest } from '../generated/flux_ensemble/v1/ActRequest.js';
export type { ActResponse__Output as ActResponse } from '../generated/flux_ensemble/v1/ActResponse.js';
export type { Condition__Output as ConditionState } from '../generated/flux_ensemble/v1/Condition.js';
export type { Counts__Output as Counts } from '../generated/flux_ensemble/v1/Counts.js';
export type { Ensemble__Output as EnsembleState } from '../generated/flux_ensemble/v1/Ensemble.js';
export type { EnsemblesClient, EnsemblesHandlers } from '../generated/flux_ensemble/v1/Ensembles.js';
export type { Failures__Output as FailuresState } from '../generated/flux_ensemble/v1/Failures.js';
export type { Firing__Output as FiringMessage } from '../generated/flux_ensemble/v1/Firing.js';
export type { Goodbye__Output as Goodbye } from '../generated/flux_ensemble/v1/Goodbye.js';
export type { Group__Output as GroupState } from '../generated/flux_ensemble/v1/Group.js';
export type { Hello__Output as Hello } from '../generated/flux_ensemble/v1/Hello.js';
export type { MergeResponse__Output as MergedGroup } from '../generated/flux_ensemble/v1/MergeResponse.js';
export type { Problem__Output as ProblemMessage } from '../generated/flux_ensemble/v1/Problem.js';
export type { Reason__Output as ReasonState } from '../generated/flux_ensemble/v1/Reason.js';
export type { Rule__Output as RuleState } from '../generated/flux_ensemble/v1/Rule.js';
export type { RunMessage, RunMessage__Output } from '../generated/flux_ensemble/v1/RunMessage.js';
export type { ServiceMessage__Output as ServiceMessage } from '../generated/flux_ensemble/v1/ServiceMessage.js';
export type { Sketch__Output as SketchState } from '../generated/flux_ensemble/v1/Sketch.js';
export type { Statistics__Output as StatisticsState } from '../generated/flux_ensemble/v1/Statistics.js';
export type { Status__Output as Status } from '../generated/flux_ensemble/v1/Status.js';
export type { Totals__Output as Totals } from '../generated/flux_ensemble/v1/Totals.js';
export type { Update__Output as Update } from '../generated/flux_ensemble/v1/Update.js';
export type { Value__Output as ValueState } from '../generated/flux_ensemble/v1/Value.js';
export type { WatchResponse__Output as WatchResponse } from '../generated/flux_ensemble/v1/WatchResponse.js';

let loaded: ProtoGrpcType['flux_ensemble']['v1'] | null = null;

/** The definitions, read from their file when they are first asked for. */
export function ensemblesProto(): ProtoGrpcType['flux_ensemble']['v1'] {
  loaded ??= loadProto<ProtoGrpcType>('flux_ensemble/v1/ensembles.proto').flux_ensemble.v1;
  return loaded;
}
