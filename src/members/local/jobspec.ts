/**
 * The jobspec of a local job as its journal tells it: V1 (RFC 25), redacted like Flux does (without the
 * environment).
 */

import type { JobTemplate, SubmitOrigin } from '../member.js';

/** Resources in one of the shapes that V1 knows; `node` appears only when more than one is asked for. */
function resources(template: JobTemplate): object[] {
  const devices: object[] = [{ type: 'core', count: template.cores }];
  if (template.gpus > 0) devices.push({ type: 'gpu', count: template.gpus });
  const slot = (count: number) => ({ type: 'slot', count, with: devices, label: 'task' });
  if (template.nodes <= 1) return [slot(template.tasks)];
  const slotsPerNode = Math.ceil(template.tasks / template.nodes);
  return [{ type: 'node', count: template.nodes, with: [slot(slotsPerNode)] }];
}

function taskCount(template: JobTemplate): object {
  const uneven = template.nodes > 1 && template.tasks % template.nodes !== 0;
  return uneven ? { total: template.tasks } : { per_slot: 1 };
}

function outputOptions(template: JobTemplate): object | undefined {
  if (template.output === null && template.error === null) return undefined;
  const file = (path: string | null) => (path === null ? undefined : { type: 'file', path });
  return { options: { output: { stdout: file(template.output), stderr: file(template.error) } } };
}

/**
 * Prepares the jobspecs of one submission: everything but the job's index in it is the same for all, and is
 * put into words once.
 */
export function compileJobspec(
  template: JobTemplate,
  origin: SubmitOrigin,
  ensemble: string | null,
): (index: number) => string {
  const system = JSON.stringify({
    duration: template.duration,
    cwd: template.workdir ?? process.cwd(),
    queue: template.queue ?? undefined,
    bank: template.bank ?? undefined,
    shell: outputOptions(template),
  });
  const group = JSON.stringify(template.group);
  const run = ensemble === null ? '' : `"ensemble":${JSON.stringify(ensemble)},`;
  const head =
    `{"resources":${JSON.stringify(resources(template))},` +
    `"tasks":${JSON.stringify([{ command: template.command, slot: 'task', count: taskCount(template) }])},` +
    `"attributes":{"system":${system},"user":{"group":${group},${run}` +
    `"origin":{"rule":${origin.rule},"firing":${origin.firing},"index":`;
  const tail = '}}},"version":1}';
  return (index) => head + index + tail;
}
