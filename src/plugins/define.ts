/** What a plugin is: the form in which people write it, and the helper that types it. */

import type { Parameters } from '../model/parameters.js';
import type { CustomArguments } from '../model/user-function.js';

/** One thing wrong with options: what, and at which key. */
export interface OptionsIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/**
 * A schema of options: zod's, or any other that follows Standard Schema (standardschema.dev). `Output` is what
 * options are once defaults are filled in.
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

/** The job whose event made a rule due. */
export interface PluginJob {
  readonly id: bigint;
  readonly group: string;
  /** Empty where its group has none. */
  readonly parameters: Parameters;
  /** Absolute. */
  readonly workdir: string;
  /**
   * The file that its standard output goes to, absolute; null when it goes to none. With a file for each task, that of
   * the first.
   */
  readonly output: string | null;
  /** The same for standard error. */
  readonly error: string | null;
  /**
   * An absolute path from one relative to `workdir`. Parameters, `{{id}}`, `{{group}}` and the like are filled in as
   * they were for the job.
   */
  path(template: string): string;
}

/** What an action of a plugin is given: what a custom function is, and its options. */
export interface PluginCall<Options = unknown> extends CustomArguments {
  /** The rule's `with:`, checked, with defaults filled in. */
  readonly options: Options;
  /** Null where no event of a job of the file's groups made the rule due. */
  readonly job: PluginJob | null;
}

export interface PluginAction<Options = unknown> {
  /** What it does, in a sentence. */
  readonly description?: string;
  readonly options: OptionsSchema<Options>;
  /**
   * Returns (or resolves with) what is to be done next, as a custom function does: an action like
   * `{ name: 'submit', label: 'echo' }`, a rule, an array of those, or nothing.
   */
  run(call: PluginCall<Options>): unknown;
  /**
   * Actions of the file's own that options name (`then: {name: submit, ...}`), by the option's key: one or an array of
   * them each. They are checked when the file is read.
   */
  named?(options: Options): Readonly<Record<string, unknown>>;
}

/** Keys of a `jobs:` entry; whatever the entry says itself goes before them. */
export type JobDefaults = Readonly<Record<string, unknown>>;

export interface PluginJobs<Options = unknown> {
  /** What jobs of this kind are, in a sentence. */
  readonly description?: string;
  readonly options: OptionsSchema<Options>;
  /** The keys that an entry with these options need not write. */
  defaults(options: Options): JobDefaults;
}

/** What a probe is given, once a job of its group has ended successfully. */
export interface ProbeCall<Options = unknown> {
  /** The probe's `with:`, checked, with defaults filled in. */
  readonly options: Options;
  readonly job: PluginJob;
  /** By which it was known that the job has succeeded. */
  readonly event: CustomArguments['event'];
  readonly metrics: CustomArguments['metrics'];
  readonly handle: CustomArguments['handle'];
}

/** Measures jobs that have ended successfully: its numbers are variables of the group, as durations are. */
export interface PluginProbe<Options = unknown> {
  /** What it measures, in a sentence. */
  readonly description?: string;
  readonly options: OptionsSchema<Options>;
  /** The names of its numbers, by which rules know them: `temperature` is there as `mean.<group>-temperature`. */
  readonly values: readonly string[] | ((options: Options) => readonly string[]);
  /**
   * Returns (or resolves with) the numbers by name, or the number itself where there is but one. Null when the job has
   * nothing to measure.
   */
  read(call: ProbeCall<Options>): unknown;
}

/** A plugin, as a module exports it under the name `plugin`. */
export interface Plugin {
  /** What comes before the dot in `lammps.check`: small letters, digits and dashes. */
  readonly name: string;
  readonly actions?: Readonly<Record<string, PluginAction<never>>>;
  readonly jobs?: Readonly<Record<string, PluginJobs<never>>>;
  readonly probes?: Readonly<Record<string, PluginProbe<never>>>;
}

/**
 * Types a plugin: `export const plugin = definePlugin({ name, actions, jobs, probes })`. Returns what it is given;
 * options of each action, kind of jobs and probe get the types of their schemas.
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
