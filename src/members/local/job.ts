/** A job of the local member, and what it shares with the other jobs of its submission. */

import { hostname } from 'node:os';
import { ActionError } from '../../errors.js';
import { compileTags, hasAsciiIds } from '../../language/job-tags.js';
import type { JobTemplate } from '../../model/ensemble.js';
import type { JobTagValues } from '../../model/job-facts.js';
import { compileJobspec, filesOf, type JobFiles } from '../jobspec.js';
import type { SubmitOrigin } from '../member.js';
import type { Alarm } from './clock.js';
import type { Queueable } from './queue.js';
import type { RecordedJob } from './records.js';
import { formatIdset } from './slots.js';
import { encodeProgram, isTooLong } from './spawner.js';

const HOST = hostname();

/** All that the jobs of one submission have in common, worked out once. */
export interface Batch {
  readonly template: JobTemplate;
  /** Slots that each job takes. */
  readonly slots: number;
  /** By the job's number among those of this submission. */
  readonly jobspec: (index: number) => string;
  /** Environment and command in the spawner's form. */
  readonly program: (values: JobTagValues) => string;
  readonly output: (values: JobTagValues) => string;
  readonly error: (values: JobTagValues) => string;
  readonly files: JobFiles;
  readonly ascii: boolean;
}

/**
 * Prepares a submission. One slot is one core of one task; a node is the machine, so nodes ask for nothing
 * more, and GPUs are not looked at. Throws ActionError for what no process can be started from.
 */
export function prepareBatch(template: JobTemplate, origin: SubmitOrigin, ensemble: string | null): Batch {
  const { command, environment } = template;
  const files = filesOf(template);
  const { workdir, output, error } = files;
  const refuse = (reason: string) => {
    throw new ActionError(`group "${template.group}": ${reason}`, origin.rule);
  };
  if (command.length === 0) refuse('its command is empty');
  const strings = [...command, ...Object.entries(environment).flat(), workdir, output ?? '', error ?? ''];
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
    program: command.some((word) => word.includes('{{')) ? compileProgram(template) : () => program,
    output: compileTags(output ?? ''),
    error: compileTags(error ?? ''),
    files,
    ascii: hasAsciiIds(process.env, environment),
  };
}

/** The program of a command that is another for each job. */
function compileProgram({ environment, inheritEnvironment, command }: JobTemplate): Batch['program'] {
  const words = command.map((word) => compileTags(word));
  return (values) =>
    encodeProgram(
      environment,
      inheritEnvironment,
      words.map((word) => word(values)),
    );
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

  /** Its tags. A job is one process on one node, this machine, whatever it asks for. */
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

  /** Paths of standard output and error as the spawner wants them. */
  files(): { out: string; err: string } {
    const tags = this.#tags;
    const out = this.batch.output(tags);
    const err = this.batch.error(tags);
    // One file is opened once, so that nothing is written over.
    return { out, err: err === out ? '' : err };
  }

  /** Environment and command in the spawner's form. */
  program(): string {
    return this.batch.program(this.#tags);
  }
}
