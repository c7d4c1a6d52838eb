/**
 * The public API of flux-ensemble.
 *
 * @module flux-ensemble
 */

/** The schema library of configurations and plugins (zod.dev), so that a plugin needs no other package. */
export { z } from 'zod';
export type { ActionName, ExternalName } from './actions/catalog.js';
export {
  configFromObject,
  type LoadedConfig,
  type LoadOptions,
  loadConfig,
  parseConfig,
} from './config/load.js';
export type {
  ActionInput,
  EnsembleInput,
  FunctionAction,
  FunctionResult,
  Notes,
  RuleInput,
} from './config/schema/input.js';
export { formatDiagnostics } from './config/source/format.js';
export type { DecodeError } from './engine/addon.js';
export type { EventBatch, EventRow, EventStreamOptions } from './engine/event-batch.js';
export type { JobspecPortion, SubmitPortion } from './engine/plan/plan.js';
export type { RuleStanding } from './engine/rule-report.js';
export { metricValue } from './engine/snapshot.js';
export {
  ActionError,
  ConfigError,
  type Diagnostic,
  EnsembleError,
  type ErrorCode,
  MemberError,
  ServiceError,
} from './errors.js';
export type { Clause, ClauseBound } from './language/clauses.js';
export { parseMetricName } from './language/metric-name.js';
export type { MemberChoice, MemberName } from './members/create.js';
export type {
  ActiveJob,
  EndOfRun,
  Member,
  MemberFacts,
  MemberHost,
  MemberSink,
  NodeScaler,
  Reconciliation,
  ResizeOutcome,
  SubmitOrigin,
} from './members/member.js';
export { compileJobspecs } from './members/submission.js';
export type {
  Action,
  ActionCommon,
  ActionKind,
  ActionOf,
  ActionReport,
  ReportOf,
} from './model/action.js';
export type { Comparison, Condition, ConditionStep, ExpressionCondition } from './model/condition.js';
export type { Durability } from './model/durability.js';
export { describeEndedBy, type EndedBy } from './model/ended-by.js';
export type {
  ConfigPlugin,
  CustomSource,
  EnsembleConfig,
  FluxTreeOptions,
  GroupPluginProbe,
  GroupProbe,
  JobEntry,
  JobGroup,
  JobTemplate,
  MemberSettings,
  ProgramFunction,
  RetryPolicy,
  Rule,
  SlurmOptions,
  SlurmPilotOptions,
} from './model/ensemble.js';
export type {
  FailedJob,
  Failure,
  FailureCause,
  FailureReason,
  GroupFailures,
  JobTrace,
} from './model/failure.js';
export type { Firing, FiringValue, JobOrigin } from './model/firing.js';
export { formatJobId, parseJobId } from './model/job-id.js';
export type { Limits } from './model/job-limits.js';
export type {
  MeasuredEnds,
  MeasuredFile,
  MeasureEntry,
  Measurement,
  MeasureSource,
  Take,
} from './model/measure.js';
export type {
  Bounded,
  BoundSide,
  Count,
  HoursName,
  KeptStatistic,
  MetricName,
  SharedCount,
  Statistic,
  Variable,
} from './model/metric-names.js';
export type {
  EngineStatus,
  GroupMetrics,
  GroupStates,
  MetricsSnapshot,
  StreamState,
  SummaryValues,
} from './model/metrics.js';
export type { Channel, NotifyEvent, NotifyTarget, Reference } from './model/notification.js';
export type { EnsembleObserver } from './model/observer.js';
export type { Parameters, ParameterValue } from './model/parameters.js';
export type { PluginPartName } from './model/part-name.js';
export type { PluginEntry, PluginInfo } from './model/plugin.js';
export type { LostPolicy, ResumedRun } from './model/resumed-run.js';
export type { Retry } from './model/retry.js';
export type { RulePhase, RuleReport, ValueReport, ValuesReport } from './model/rule-report.js';
export type {
  AskOptions,
  BestRow,
  Direction,
  OptimizerSource,
  SearchReport,
} from './model/search.js';
export type { GroupTells } from './model/tells.js';
export type { Trigger } from './model/trigger.js';
export type {
  CustomArguments,
  CustomEvent,
  CustomFunction,
  CustomHandle,
  CustomMetrics,
} from './model/user-function.js';
export type { Given as WrittenValue, Row as WrittenParameters, Written } from './model/written.js';
export {
  definePlugin,
  type JobDefaults,
  type OptionsIssue,
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
export { openRecorder, type Recorder, type RecorderOptions } from './recording/writer.js';
export type { Subscription } from './run/broadcast.js';
export type { RunEnd, RunEnding } from './run/end-of-run.js';
export { Ensemble } from './run/ensemble.js';
export type { ExternalAction, ExternalOutcome } from './run/external-actions.js';
export { type OpenedRun, openRun } from './run/open-run.js';
export type { EnsembleOptions, ResumeOptions } from './run/options.js';
export type { LimitsOfRun, ReachedLimit } from './run/reached-limits.js';
export type { LeftJobs, RunResult } from './run/result.js';
export type { RuleNow } from './run/rules-now.js';
export type { JobQuery } from './store/jobs/query.js';
export type { JobResult } from './store/jobs/results.js';
export type { JobRow } from './store/jobs/row.js';
export type { RunState } from './store/runs.js';
export type { Fault, Result } from './text/result.js';
