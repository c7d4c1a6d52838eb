/** Jobspecs of a group's jobs: V1 (RFC 25), with the attributes of RFC 14. */

import { resolve } from 'node:path';
import type { JobTemplate } from '../model/ensemble.js';
import { textsOf } from '../model/written.js';
import { jsonText } from './json-text.js';

/**
 * A jobspec as text without the end of the job's origin: head, `"rule":R,"firing":F,"index":I`, tail. The rest is
 * the same for all jobs of a submission, and is serialized once.
 */
export interface CompiledJobspec {
  readonly head: string;
  readonly tail: string;
}

export interface JobspecOptions {
  /** The run's id; null omits it. */
  readonly ensemble: string | null;
  /** The jobs' whole environment; null omits it, as the journal does. */
  readonly environment: Readonly<Record<string, string>> | null;
  /** Request nodes even where one is enough, as ensemble-python does: the job's slots are then on one node. */
  readonly alwaysNodes: boolean;
  /** A Lua file that Flux's shell loads for jobs with a working directory of their own. May be a `glob` pattern. */
  readonly workdirScript?: string;
}

type Json = Readonly<Record<string, unknown>>;

function resources(template: JobTemplate, alwaysNodes: boolean): Json[] {
  const devices: Json[] = [{ type: 'core', count: template.cores }];
  if (template.gpus > 0) devices.push({ type: 'gpu', count: template.gpus });
  const slot = (count: number) => ({ type: 'slot', count, with: devices, label: 'task' });
  if (template.nodes <= 1 && !alwaysNodes) return [slot(template.tasks)];
  const slotsPerNode = Math.ceil(template.tasks / template.nodes);
  return [{ type: 'node', count: template.nodes, with: [slot(slotsPerNode)] }];
}

function taskCount(template: JobTemplate): Json {
  const uneven = template.nodes > 1 && template.tasks % template.nodes !== 0;
  return uneven ? { total: template.tasks } : { per_slot: 1 };
}

function shellOptions(template: JobTemplate, workdirScript: string | undefined): Json | undefined {
  const { system } = template.attributes;
  const asksForFolder = template.workdir !== null || (isObject(system) && system.cwd !== undefined);
  const userrc = asksForFolder ? workdirScript : undefined;
  const output = outputOptions(template);
  return output === undefined && userrc === undefined ? undefined : { options: { userrc, output } };
}

function outputOptions({ output, error }: JobTemplate): Json | undefined {
  if (output === null && error === null) return undefined;
  const file = (path: string | null) => (path === null ? undefined : { type: 'file', path });
  return { stdout: file(output), stderr: file(error) };
}

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Merges `more` over `base`, recursively. */
export function merge(base: Json, more: Json): Json {
  const result: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(more)) {
    const before = result[key];
    result[key] = isObject(before) && isObject(value) ? merge(before, value) : value;
  }
  return result;
}

/** Returns the attributes. The entry's `attributes.system` overrides the values of its other keys. */
function attributesOf(
  template: JobTemplate,
  { environment, workdirScript }: Pick<JobspecOptions, 'environment' | 'workdirScript'>,
): Json {
  const system: Json = {
    duration: template.duration,
    // Relative to this process, not to the broker.
    cwd: resolve(template.workdir ?? ''),
    environment: environment ?? undefined,
    queue: template.queue ?? undefined,
    bank: template.bank ?? undefined,
    shell: shellOptions(template, workdirScript),
  };
  return merge({ system }, template.attributes);
}

/** Paths of a template's jobs. Names of files may hold tags (job-tags.ts). */
export interface JobFiles {
  /** Absolute path. */
  readonly workdir: string;
  /** Relative to `workdir`; null for no file. */
  readonly output: string | null;
  /** Standard error, relative to `workdir`. The same as `output` where the job sets no file for it. */
  readonly error: string | null;
  /** Value of `{{name}}`: the job's name, or the name of its program without the folder. */
  readonly name: string;
}

/** Returns the paths that Flux reads from the jobspec of such a job. The local member uses the same. */
export function filesOf(template: JobTemplate): JobFiles {
  const { system } = attributesOf(template, { environment: null }) as { system: Json };
  const at = (...keys: string[]) =>
    keys.reduce<unknown>((value, key) => (isObject(value) ? value[key] : undefined), system);
  const text = (value: unknown) => (typeof value === 'string' ? value : null);
  const output = text(at('shell', 'options', 'output', 'stdout', 'path'));
  const error = text(at('shell', 'options', 'output', 'stderr', 'path'));
  const program = template.command[0]?.split('/').pop() ?? '';
  return {
    workdir: text(at('cwd')) ?? resolve(''),
    output,
    error: error ?? output,
    name: text(at('job', 'name')) ?? program,
  };
}

/** Compiles the jobspec of a group's jobs. */
export function compileJobspec(template: JobTemplate, options: JobspecOptions): CompiledJobspec {
  const { user: _, ...attributes } = attributesOf(template, options);
  const user = merge(isObject(template.attributes.user) ? template.attributes.user : {}, {
    group: template.group,
    ...(options.ensemble === null ? {} : { ensemble: options.ensemble }),
    ...(Object.keys(template.parameters).length === 0 ? {} : { parameters: template.parameters }),
  });
  const texts = textsOf({ ...template.values, ...template.parameters });
  const origin = {
    entry: template.entry,
    ...(template.values === null ? {} : { values: template.values }),
    // The exact texts allow the same job to be submitted again, with parameters as they were written.
    ...(Object.keys(texts).length === 0 ? {} : { texts }),
  };
  const spec = JSON.stringify({
    resources: resources(template, options.alwaysNodes),
    tasks: [{ command: template.command, slot: 'task', count: taskCount(template) }],
    version: 1,
  });
  // The origin is inserted at the end of the last mapping, so that other values may hold any text.
  const attributesText = jsonText(attributes);
  const userText = jsonText(user);
  return {
    head:
      `${spec.slice(0, -1)},"attributes":${attributesText.slice(0, -1)},` +
      `"user":${userText.slice(0, -1)},"origin":${jsonText(origin).slice(0, -1)},`,
    tail: '}}}}',
  };
}
