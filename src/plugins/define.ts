/** The interface of plugins, and the helper that types them. */

import type { Parameters } from '../model/parameters.js';
import type { CustomArguments } from '../model/user-function.js';

/** A fault of options: a message, and the key. */
export interface OptionsIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/**
 * A schema of options: zod's, or any other that follows Standard Schema (standardschema.dev). `Output` is the type
 * of options with defaults filled in.
 */
export interface OptionsSchema<Output = unknown> {
  readonly '~standard': {
    readonly validate: (
      value: unknown,
    ) =>
      | { readonly value: Output; readonly issues?: undefined }
      | { readonly issues: readonly OptionsIssue[] }
      | Promise<unknown>;
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined;
  };
}

/** The job whose event triggered a rule. */
export interface PluginJob {
  readonly id: bigint;
  readonly group: string;
  /** Empty for a group without parameters. */
  readonly parameters: Parameters;
  /** Absolute path. */
  readonly workdir: string;
  /**
   * Absolute path of the file with its standard output; null without one. With a file for each task, that of the
   * first.
   */
  readonly output: string | null;
  /** Absolute path of the file with its standard error; null without one. */
  readonly error: string | null;
  /**
   * Returns an absolute path for one relative to `workdir`. Parameters, `{{id}}`, `{{group}}` and other tags have
   * their values for this job.
   */
  path(template: string): string;
}

/** Arguments of a plugin's action: those of a custom function, and its options. */
export interface PluginCall<Options = unknown> extends CustomArguments {
  /** The rule's `with:`, checked, with defaults filled in. */
  readonly options: Options;
  /** Null unless an event of a job of the file's groups triggered the rule. */
  readonly job: PluginJob | null;
}

export interface PluginAction<Options = unknown> {
  /** Describes the action in one sentence. */
  readonly description?: string;
  readonly options: OptionsSchema<Options>;
  /**
   * Returns (or resolves with) the next actions, as a custom function does: an action like `{ name: 'submit',
   * label: 'echo' }`, a rule, an array of those, or nothing.
   */
  run(call: PluginCall<Options>): unknown;
  /**
   * Returns actions that options name (`then: {name: submit, ...}`) by the option's key: an action or an array of
   * them. They are checked when the file is read.
   */
  named?(options: Options): Readonly<Record<string, unknown>>;
}

/** Keys of a `jobs:` entry. Keys of the entry itself take precedence. */
export type JobDefaults = Readonly<Record<string, unknown>>;

export interface PluginJobs<Options = unknown> {
  /** Describes jobs of this kind in one sentence. */
  readonly description?: string;
  readonly options: OptionsSchema<Options>;
  /** Returns the keys that an entry with these options may omit. */
  defaults(options: Options): JobDefaults;
}

/** Arguments of a probe, which is called after a job of its group has succeeded. */
export interface ProbeCall<Options = unknown> {
  /** The probe's `with:`, checked, with defaults filled in. */
  readonly options: Options;
  readonly job: PluginJob;
  /** The event that reported the success of the job. */
  readonly event: CustomArguments['event'];
  readonly metrics: CustomArguments['metrics'];
  readonly handle: CustomArguments['handle'];
}

/** Measures successful jobs. Its numbers are variables of the group, as durations are. */
export interface PluginProbe<Options = unknown> {
  /** Describes the measured values in one sentence. */
  readonly description?: string;
  readonly options: OptionsSchema<Options>;
  /** Names of its numbers in rules: `temperature` is available as `mean.<group>-temperature`. */
  readonly values: readonly string[] | ((options: Options) => readonly string[]);
  /**
   * Returns (or resolves with) the numbers by name, or the number itself if it is the only one. Null for a job
   * without values.
   */
  read(call: ProbeCall<Options>): unknown;
}

/** A plugin, exported by a module under the name `plugin`. */
export interface Plugin {
  /** The part before the dot in `lammps.check`: lower-case letters, digits and dashes. */
  readonly name: string;
  readonly actions?: Readonly<Record<string, PluginAction<never>>>;
  readonly jobs?: Readonly<Record<string, PluginJobs<never>>>;
  readonly probes?: Readonly<Record<string, PluginProbe<never>>>;
}

/**
 * Types a plugin: `export const plugin = definePlugin({ name, actions, jobs, probes })`. Returns its argument. The
 * options of each action, kind of jobs and probe have the types of their schemas.
 */
export function definePlugin<
  Actions extends Record<string, unknown> = Record<never, never>,
  Jobs extends Record<string, unknown> = Record<never, never>,
  Probes extends Record<string, unknown> = Record<never, never>,
>(plugin: {
  readonly name: string;
  readonly actions?: { readonly [Name in keyof Actions]: PluginAction<Actions[Name]> };
  readonly jobs?: { readonly [Name in keyof Jobs]: PluginJobs<Jobs[Name]> };
  readonly probes?: { readonly [Name in keyof Probes]: PluginProbe<Probes[Name]> };
}): Plugin {
  return plugin as unknown as Plugin;
}
