/**
 * The public API of `flux-ensemble/service`: services that a program hosts, and ways to them.
 *
 * @module flux-ensemble/service
 */

export type { ListenOptions, TlsFiles } from './access.js';
export { defaultAddress, formatAddress, parseAddress, type ServiceAddress } from './address.js';
export type { AuditEntry } from './audit.js';
export { Audit } from './audit.js';
export type { ClientTlsFiles } from './client-access.js';
export type { ConnectOptions } from './connect.js';
export { ServiceClient } from './ensembles/client.js';
export type {
  About,
  ActResponse,
  ConditionState,
  Counts,
  EnsembleState,
  FailuresState,
  FiringMessage,
  Goodbye,
  GroupState,
  Hello,
  MergedGroup,
  ProblemMessage,
  ReasonState,
  RuleState,
  SketchState,
  StatisticsState,
  Status,
  Totals,
  ValueState,
  WatchResponse,
} from './ensembles/proto.js';
export { Registry, type RegistryOptions } from './ensembles/registry.js';
export { type EnsemblesOptions, ensemblesService } from './ensembles/service.js';
export type {
  ClusterBackend,
  ClusterRequest,
  Json,
  ResizeAnswer,
  ResizeRequest,
  SizeLimits,
} from './operator/backend.js';
export { OperatorClient, type OperatorClientOptions } from './operator/client.js';
export { type OperatorOptions, operatorService } from './operator/handlers.js';
export { type LinkOptions, ServiceLink } from './run/link.js';
export type { LinkedRun } from './run/linked-run.js';
export {
  defaultLimits,
  type HostedService,
  type ServiceLimits,
  ServiceServer,
  type ServiceServerOptions,
} from './server.js';
