/** The public API of flux-ensemble. */

/** The schema library of configurations and plugins (zod.dev), so that a plugin needs no other package. */
export { z } from 'zod';
export type { AskedAction, AskedOutcome } from './actions/asked.js';
export type { ActionReport, EnsembleObserver } from './actions/context.js';
export type {
  CustomArguments,
  CustomEvent,
  CustomFunction,
  CustomHandle,
  CustomMetrics,
} from './actions/custom-types.js';
export type { Subscription } from './broadcast.js';
export { formatDiagnostics } from './config/format.js';
export { configFromObject, type LoadedConfig, loadConfig, parseConfig } from './config/load.js';
export type {
  Action,
  Condition,
  ConfigPlugin,
  Count,
  EnsembleConfig,
  GroupProbe,
  JobEntry,
  JobGroup,
  JobTemplate,
  MetricName,
  Parameters,
  ParameterValue,
  Rule,
  Statistic,
  Trigger,
  Variable,
} from './config/types.js';
export { describeEndedBy, type EndedBy } from './ended-by.js';
export type { DecodeError, EngineStatus } from './engine/addon.js';
export type { EventBatch, EventRow, EventStreamOptions } from './engine/event-batch.js';
export { Ensemble, type EnsembleOptions, type LeftJobs, type RunEnd, type RunResult } from './ensemble.js';
export {
  ActionError,
  ConfigError,
  type Diagnostic,
  EnsembleError,
  type ErrorCode,
  MemberError,
  ServiceError,
} from './errors.js';
export type { FailedJob, Failure, FailureReason, GroupFailures } from './failures/failure.js';
export type { Firing } from './firing.js';
export type { MemberChoice } from './members/create.js';
export { formatJobId, parseJobId } from './members/local/job-id.js';
export type {
  JobTrace,
  Member,
  MemberSink,
  NodeScaler,
  ResizeOutcome,
  SubmitOrigin,
} from './members/member.js';
export {
  type GroupMetrics,
  type MetricsSnapshot,
  metricValue,
  type SummaryValues,
} from './metrics/metrics.js';
export {
  definePlugin,
  type JobDefaults,
  type OptionsSchema,
  type Plugin,
  type PluginAction,
  type PluginCall,
  type PluginJob,
  type PluginJobs,
  type PluginProbe,
  type ProbeCall,
} from './plugins/define.js';
export { openRecording, type RecordingReader } from './recording/reader.js';
export { Replay, type ReplayOptions, type ReplayResult } from './recording/replay.js';
export { type SynthOptions, synthesize } from './recording/synth.js';
export { openRecorder, type Recorder } from './recording/writer.js';
export { parseMetricName } from './rules/metric-name.js';
export type { RuleReport } from './rules/rule-report.js';
