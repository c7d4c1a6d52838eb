/** Checks a submission, and prepares the jobspecs of its jobs, for members whose jobs do not go through Flux. */

import { ActionError } from '../errors.js';
import type { JobTemplate } from '../model/ensemble.js';
import { compileJobspec, type JobFiles } from './jobspec.js';
import type { SubmitOrigin } from './member.js';

/** Throws ActionError, with words for the reason, for a submission that can't be made. */
export function refuseSubmission({ group }: JobTemplate, { rule }: SubmitOrigin, reason: string): never {
  throw new ActionError(`group "${group}": ${reason}`, rule);
}

/** Throws ActionError for a template that can't start a process. */
export function checkProgram(
  template: JobTemplate,
  { workdir, output, error }: JobFiles,
  origin: SubmitOrigin,
): void {
  const { command, environment } = template;
  if (command.length === 0) refuseSubmission(template, origin, 'its command is empty');
  const strings = [...command, ...Object.entries(environment).flat(), workdir, output ?? '', error ?? ''];
  if (strings.some((text) => text.includes('\0')))
    refuseSubmission(template, origin, "commands, variables and paths can't contain a NUL character");
  const oddName = Object.keys(environment).find((name) => name === '' || name.includes('='));
  if (oddName !== undefined)
    refuseSubmission(template, origin, `${JSON.stringify(oddName)} is not a valid name of a variable`);
}

/** Returns the function that gives the jobspec of the job with an index in its submission. */
export function compileJobspecs(
  template: JobTemplate,
  origin: SubmitOrigin,
  ensemble: string | null,
): (index: number) => string {
  // Without the environment, as in Flux's journal.
  const jobspec = compileJobspec(template, { ensemble, environment: null, alwaysNodes: false });
  const part = origin.part > 0 ? `"part":${origin.part},` : '';
  const head = `${jobspec.head}"rule":${origin.rule},"firing":${origin.firing},${part}"index":`;
  const tail = origin.attempt > 0 ? `,"attempt":${origin.attempt}${jobspec.tail}` : jobspec.tail;
  return (index) => head + (origin.index + index) + tail;
}
