/** Jobs of the local member, and the data that jobs of a submission share. */

import { hostname } from 'node:os';
import { join } from 'node:path';
import { compileTags, hasAsciiIds } from '../../language/job-tags.js';
import type { JobTemplate } from '../../model/ensemble.js';
import type { JobTagValues } from '../../model/job-facts.js';
import { keptFiles } from '../../model/kept-files.js';
import { TELL_VARIABLE } from '../../model/tells.js';
import { filesOf, type JobFiles } from '../jobspec.js';
import type { SubmitOrigin } from '../member.js';
import { checkProgram, compileJobspecs, refuseSubmission } from '../submission.js';
import type { Alarm } from './clock.js';
import type { Queueable } from './queue.js';
import type { RecordedJob } from './records.js';
import { formatIdset } from './slots.js';
import { encodeProgram, isTooLong } from './spawner.js';

const HOST = hostname();

/** The data that all jobs of one submission share, computed once. */
export interface Batch {
  readonly template: JobTemplate;
  readonly origin: SubmitOrigin;
  /** Absolute path of the folder for outputs of jobs that name no file of their own; null for no such files. */
  readonly outputs: string | null;
  /** Slots that each job takes. */
  readonly slots: number;
  /** Returns the jobspec of the job with this index in its submission. */
  readonly jobspec: (index: number) => string;
  /** Environment and command in the spawner's format. `tell` is the job's file for told values. */
  readonly program: (values: JobTagValues, tell: string | null) => string;
  readonly output: (values: JobTagValues) => string;
  readonly error: (values: JobTagValues) => string;
  readonly files: JobFiles;
  readonly ascii: boolean;
}

/**
 * Prepares a submission. One slot is one core of one task. Nodes add no slots, because the machine is the only
 * node, and GPUs are ignored. Throws ActionError for a template that can't start a process.
 */
export function prepareBatch(
  template: JobTemplate,
  origin: SubmitOrigin,
  ensemble: string | null,
  outputs: string | null = null,
): Batch {
  const { command, environment } = template;
  const files = filesOf(template);
  const { output, error } = files;
  checkProgram(template, files, origin);
  const program = encodeProgram(environment, template.inheritEnvironment, command);
  if (isTooLong(program))
    refuseSubmission(template, origin, 'its command and environment together exceed 64 MiB');
  return {
    template,
    origin,
    outputs,
    slots: template.tasks * template.cores,
    jobspec: compileJobspecs(template, origin, ensemble),
    program:
      template.tells || command.some((word) => word.includes('{{'))
        ? compileProgram(template)
        : () => program,
    output: compileTags(output ?? ''),
    error: compileTags(error ?? ''),
    files,
    ascii: hasAsciiIds(process.env, environment),
  };
}

/** Returns the program of a command that differs between jobs. */
function compileProgram({ environment, inheritEnvironment, command }: JobTemplate): Batch['program'] {
  const words = command.map((word) => compileTags(word));
  return (values, tell) =>
    encodeProgram(
      tell === null ? environment : { ...environment, [TELL_VARIABLE]: tell },
      inheritEnvironment,
      words.map((word) => word(values)),
    );
}

/**
 * `pending`: waits for slots. `allocated`: has slots, but the system refused to start it so far. `starting`: the
 * request was sent to the spawner. `running`: the spawner has confirmed the start.
 */
export type JobState = 'pending' | 'allocated' | 'starting' | 'running';

/** Files of a job in the folder of its run: absolute paths, null for an output that has a file of its own. */
export interface JobKeptFiles {
  /** Relative to the folder for outputs. */
  readonly folder: string;
  readonly output: string | null;
  readonly error: string | null;
}

/** An active job. It is dropped after its `clean` event. */
export class LocalJob implements Queueable, RecordedJob {
  readonly batch: Batch;
  readonly id: bigint;
  readonly idText: string;
  readonly sequence: number;
  /** Index in its submission. */
  readonly index: number;
  /** False for a job whose files in the folder of the run can't be written. */
  keepsOutputs = true;
  queueIndex = -1;
  lastEvent = 0;
  recordedIn = 0;
  state: JobState = 'pending';
  /** Process group of a running job. */
  pid = 0;
  slots: readonly number[] = [];
  /** The file to which it appends the values that it tells; null without one. */
  tell: string | null = null;
  /** 0 (held) to 31. */
  urgency: number;
  /** The job joins the queue only after its submitter releases it. */
  held = false;
  /** Fires at the time limit, or when SIGKILL is due. */
  timer: Alarm | null = null;
  /** The fatal exception that ends the job; null without one. */
  fatal: { readonly type: string; readonly note: string } | null = null;
  /** Undefined before its first use. */
  #kept: JobKeptFiles | null | undefined;
  /** True after a cancel or the time limit. */
  ending = false;
  /** Time of the first refusal by the system (ms of performance.now()), or 0. */
  refusedSince = 0;

  constructor(batch: Batch, id: bigint, sequence: number, index: number) {
    this.batch = batch;
    this.index = index;
    this.id = id;
    this.idText = String(id);
    this.sequence = sequence;
    this.urgency = batch.template.urgency;
  }

  /** Values of its tags. A job is one process on this machine, whatever it requests. */
  get #tags(): JobTagValues {
    const { template, files, ascii } = this.batch;
    const { nodes, tasks } = template;
    const node = {
      name: HOST,
      broker_rank: '0',
      ntasks: String(tasks),
      taskids: tasks === 1 ? '0' : `0-${tasks - 1}`,
      ncores: String(this.slots.length),
      cores: formatIdset(this.slots),
      gpus: '',
    };
    return { id: this.id, name: files.name, tasks, nodes, ascii, node };
  }

  /** Its files in the folder of the run; null without such files. */
  get kept(): JobKeptFiles | null {
    if (!this.keepsOutputs) return null;
    if (this.#kept === undefined) this.#kept = this.#nameKept();
    return this.#kept;
  }

  #nameKept(): JobKeptFiles | null {
    const { outputs, origin, template, files } = this.batch;
    if (outputs === null || (files.output !== null && files.error !== null)) return null;
    const { firing } = origin;
    const kept = keptFiles({
      group: template.group,
      firing,
      index: origin.index + this.index,
      id: this.id,
    });
    return {
      folder: kept.folder,
      output: files.output === null ? join(outputs, kept.output) : null,
      error: files.error === null ? join(outputs, kept.error) : null,
    };
  }

  /** Paths of standard output and error in the spawner's format. */
  files(): { out: string; err: string } {
    const tags = this.#tags;
    const { kept } = this;
    const out = kept?.output ?? this.batch.output(tags);
    const err = kept?.error ?? this.batch.error(tags);
    // A file for both streams is opened once, so that they do not overwrite each other.
    return { out, err: err === out ? '' : err };
  }

  /** Environment and command in the spawner's format. */
  program(): string {
    return this.batch.program(this.#tags, this.tell);
  }
}
