/** Names of output files: templates like `out-{{id}}.txt`, with the tags that Flux knows (flux-submit(1)). */

import { formatJobId } from './job-id.js';

/** What a tag can stand for. */
export interface PathValues {
  readonly id: bigint;
  /** The job's name; see `jobName`. */
  readonly name: string;
  readonly group: string;
  readonly tasks: number;
}

type Tag = (values: PathValues) => string;

const ID_TAGS: Readonly<Record<string, Tag>> = {
  '': ({ id }) => formatJobId(id),
  '.f58': ({ id }) => formatJobId(id),
  '.f58plain': ({ id }) => formatJobId(id, 'f'),
  '.dec': ({ id }) => String(id),
  '.hex': ({ id }) => `0x${id.toString(16)}`,
};

const TAGS: ReadonlyMap<string, Tag> = new Map<string, Tag>([
  ...Object.entries(ID_TAGS).flatMap(([form, tag]): [string, Tag][] => [
    [`id${form}`, tag],
    [`jobid${form}`, tag],
  ]),
  ['name', ({ name }) => name],
  ['group', ({ group }) => group.replaceAll('/', '_')],
  ['size', ({ tasks }) => String(tasks)],
]);

/** The name that Flux gives a job: that of its program, without the folder. */
export function jobName(command: readonly string[]): string {
  return command[0]?.split('/').pop() ?? '';
}

/** Makes a function of a template, as the template is the same for many jobs. Unknown tags stay as they are. */
export function compilePath(template: string): (values: PathValues) => string {
  // With a capture group, every second piece is a tag's name.
  const pieces = template.split(/\{\{([\w.]+)\}\}/u).map((piece, index) => {
    if (index % 2 === 0) return piece;
    return TAGS.get(piece) ?? `{{${piece}}}`;
  });
  return (values) => pieces.map((piece) => (typeof piece === 'string' ? piece : piece(values))).join('');
}
