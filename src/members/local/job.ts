/** A job of the local member, and what it shares with the other jobs of its submission. */

import type { JobTemplate } from '../../config/types.js';
import { ActionError } from '../../errors.js';
import { compileJobspec } from '../jobspec.js';
import type { SubmitOrigin } from '../member.js';
import type { Alarm } from './clock.js';
import { compilePath, jobName, type PathValues } from './output-path.js';
import type { Queueable } from './queue.js';
import type { RecordedJob } from './records.js';
import { encodeProgram, isTooLong } from './spawner.js';

/** All that the jobs of one submission have in common, worked out once. */
export interface Batch {
  readonly template: JobTemplate;
  /** Slots that each job takes. */
  readonly slots: number;
  /** By the job's number among those of this submission. */
  readonly jobspec: (index: number) => string;
  /** Environment and command in the spawner's form. */
  readonly program: string;
  readonly output: (values: PathValues) => string;
  readonly error: (values: PathValues) => string;
  readonly name: string;
}

/**
 * Prepares a submission. One slot is one core of one task; a node is the machine, so nodes ask for nothing
 * more, and GPUs are not looked at. Throws ActionError for what no process can be started from.
 */
export function prepareBatch(template: JobTemplate, origin: SubmitOrigin, ensemble: string | null): Batch {
  const { command, environment, workdir, output, error } = template;
  const refuse = (reason: string) => {
    throw new ActionError(`group "${template.group}": ${reason}`, origin.rule);
  };
  if (command.length === 0) refuse('its command is empty');
  const strings = [
    ...command,
    ...Object.entries(environment).flat(),
    workdir ?? '',
    output ?? '',
    error ?? '',
  ];
  if (strings.some((text) => text.includes('\0')))
    refuse('a NUL character can be in no command, variable or path');
  const oddName = Object.keys(environment).find((name) => name === '' || name.includes('='));
  if (oddName !== undefined) refuse(`${JSON.stringify(oddName)} can't be the name of a variable`);
  const program = encodeProgram(environment, template.inheritEnvironment, command);
  if (isTooLong(program)) refuse('its command and environment are too long');
  // As the journal tells it, without the environment.
  const jobspec = compileJobspec(template, { ensemble, environment: null, alwaysNodes: false });
  const head = `${jobspec.head}"rule":${origin.rule},"firing":${origin.firing},"index":`;
  const tail = origin.attempt > 0 ? `,"attempt":${origin.attempt}${jobspec.tail}` : jobspec.tail;
  return {
    template,
    slots: template.tasks * template.cores,
    jobspec: (index) => head + (origin.index + index) + tail,
    program,
    output: compilePath(output ?? ''),
    error: compilePath(error ?? ''),
    name: jobName(command),
  };
}

/**
 * `pending`: waits for slots. `allocated`: has slots, and the system would not let it start yet. `starting`:
 * the spawner has been asked. `running`: the spawner has said so.
 */
export type JobState = 'pending' | 'allocated' | 'starting' | 'running';

/** One active job. Nothing is kept of a job after its `clean` event. */
export class LocalJob implements Queueable, RecordedJob {
  readonly batch: Batch;
  readonly id: bigint;
  readonly idText: string;
  readonly sequence: number;
  queueIndex = -1;
  lastEvent = 0;
  state: JobState = 'pending';
  /** Process group, once running. */
  pid = 0;
  slots: readonly number[] = [];
  /** 0 (held) to 31. */
  urgency: number;
  /** Whoever submitted it says when it may join the queue. */
  held = false;
  /** Time limit, or what is left until SIGKILL. */
  timer: Alarm | null = null;
  /** The fatal exception that ends it, null while none does. */
  fatal: { readonly type: string; readonly note: string } | null = null;
  /** It is being ended, by a cancel or its time limit. */
  ending = false;
  /** When the system first refused to start it (ms of performance.now()), or 0. */
  refusedSince = 0;

  constructor(batch: Batch, id: bigint, sequence: number) {
    this.batch = batch;
    this.id = id;
    this.idText = String(id);
    this.sequence = sequence;
    this.urgency = batch.template.urgency;
  }

  /** Paths of standard output and error as the spawner wants them. */
  files(): { out: string; err: string } {
    const { batch } = this;
    const { group, tasks } = batch.template;
    const values = { id: this.id, name: batch.name, group, tasks };
    return { out: batch.output(values), err: batch.error(values) };
  }
}
