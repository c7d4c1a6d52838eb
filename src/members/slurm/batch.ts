/** The common part of the jobs of one submission, computed once. */

import { join } from 'node:path';
import { compileTags } from '../../language/job-tags.js';
import type { JobTemplate } from '../../model/ensemble.js';
import { keptFiles } from '../../model/kept-files.js';
import { filesOf } from '../jobspec.js';
import type { SubmitOrigin } from '../member.js';
import { checkProgram } from '../submission.js';
import type { JobFacts, Shape } from './job.js';
import { compileProgram } from './program.js';
import { resourceOptions } from './sbatch-options.js';

export interface BatchOptions {
  /** Absolute path of the folder for outputs of jobs that name no file; null where they are not kept. */
  readonly outputs: string | null;
  /** Whether F58 begins with an ASCII `f`. */
  readonly ascii: boolean;
  /** Options of `srun`; null for the usual ones. */
  readonly srun: readonly string[] | null;
  readonly shapeOf: (shape: Omit<Shape, 'number'>) => Shape;
}

/**
 * Returns the function that gives the facts of a job by its id and its index in the submission. Throws ActionError for a
 * template that can't start a process.
 */
export function compileFacts(
  template: JobTemplate,
  origin: SubmitOrigin,
  { outputs, ascii, srun, shapeOf }: BatchOptions,
): (id: bigint, index: number) => JobFacts {
  const files = filesOf(template);
  checkProgram(template, files, origin);
  const { group, tasks, nodes, cores, duration, inheritEnvironment, urgency, parameters } = template;
  const { firing, part, attempt } = origin;
  const shape = shapeOf({
    options: resourceOptions(template),
    duration,
    tasks,
    cores: tasks * cores,
    inheritEnvironment,
  });
  const program = compileProgram(template, srun);
  const output = compileTags(files.output ?? '');
  const error = compileTags(files.error ?? '');
  const executable = compileTags(template.command[0] ?? '');
  return (id, index) => {
    const values = { id, name: files.name, tasks, nodes, ascii, node: null };
    const place = origin.index + index;
    const kept = outputs === null ? null : keptFiles({ group, firing, index: place, id });
    const keptPath = (path: string | undefined) =>
      outputs === null || path === undefined ? '' : join(outputs, path);
    const out = files.output === null ? keptPath(kept?.output) : output(values);
    const err = files.error === null ? keptPath(kept?.error) : error(values);
    return {
      ...{ id, shape, urgency, program: program(values), workdir: files.workdir },
      executable: executable(values),
      output: out,
      // A file for both streams is opened once, so that they do not overwrite each other.
      error: err === out ? '' : err,
      keptOutput: kept !== null && files.output === null,
      keptError: kept !== null && files.error === null,
      origin: [firing, part, place, attempt],
      parameters,
    };
  };
}
