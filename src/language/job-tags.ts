/**
 * Flux's own tags in commands and names of files, such as `{{id}}` and `{{taskid}}`. They are filled in when a job
 * starts, by Flux's job shell or by the local member (flux-submit(1), "MUSTACHE TEMPLATES"). Their meanings are
 * defined only here.
 */

import { type JobTagValues, NODE_KEYS } from '../model/job-facts.js';
import { formatJobId } from '../model/job-id.js';
import { idInWords } from './id-words.js';

/** Null for an unknown value. */
type Tag = (values: JobTagValues) => string | null;

const f58: Tag = ({ id, ascii }) => formatJobId(id, ascii ? 'f' : 'ƒ');
const dothex = (id: bigint) => (id.toString(16).padStart(16, '0').match(/.{4}/g) ?? []).join('.');

const ID_TAGS: Readonly<Record<string, Tag>> = {
  '': f58,
  '.f58': f58,
  '.f58plain': ({ id }) => formatJobId(id, 'f'),
  '.dec': ({ id }) => String(id),
  '.hex': ({ id }) => `0x${id.toString(16)}`,
  '.dothex': ({ id }) => dothex(id),
  '.kvs': ({ id }) => `job.${dothex(id)}`,
  '.words': ({ id }) => idInWords(id),
};

const tasks: Tag = (values) => String(values.tasks);
/** A file for each task or node has several names; the result is the name of the first. */
const first: Tag = () => '0';

const TAGS: ReadonlyMap<string, Tag> = new Map<string, Tag>([
  ...Object.entries(ID_TAGS).flatMap(([form, tag]): [string, Tag][] => [
    [`id${form}`, tag],
    [`jobid${form}`, tag],
  ]),
  ['name', ({ name }) => name],
  ['size', tasks],
  ['ntasks', tasks],
  ['nnodes', ({ nodes }) => String(nodes)],
  ...['taskid', 'task.id', 'task.rank', 'task.index', 'task.localid', 'node.id'].map(
    (name): [string, Tag] => [name, first],
  ),
  ...NODE_KEYS.map((key): [string, Tag] => [`node.${key}`, ({ node }) => node?.[key] ?? null]),
  // A folder that Flux makes for the job, and removes afterwards.
  ['tmpdir', () => null],
]);

/** Whether a tag of a command or of a file's name is Flux's. */
export function isFluxTag(name: string): boolean {
  return TAGS.has(name);
}

/**
 * Compiles a text that is used for many jobs to a function that fills in its tags. `unknown` replaces a tag with an
 * unknown value; without it the tag stays, as in Flux.
 */
export function compileTags(
  text: string,
  unknown: (name: string) => string = (name) => `{{${name}}}`,
): (values: JobTagValues) => string {
  // Flux reads everything up to the next braces as the name. With a capture group, every second piece is a name.
  const pieces = text.split(/\{\{([\s\S]*?)\}\}/u).map((piece, i) => {
    if (i % 2 === 0) return piece;
    const tag = TAGS.get(piece);
    return tag === undefined ? `{{${piece}}}` : (values: JobTagValues) => tag(values) ?? unknown(piece);
  });
  return (values) => pieces.map((piece) => (typeof piece === 'string' ? piece : piece(values))).join('');
}

/**
 * Whether a job shell with this environment writes F58 with an ASCII `f`, as Flux's does: in a locale that is not
 * UTF-8, or with FLUX_F58_FORCE_ASCII in its own environment or in the job's. Flux's shell has the environment of the
 * broker.
 */
export function hasAsciiIds(
  environment: Readonly<NodeJS.ProcessEnv>,
  ofJob: Readonly<Record<string, string>>,
): boolean {
  const force = 'FLUX_F58_FORCE_ASCII';
  if (environment[force] !== undefined || ofJob[force] !== undefined) return true;
  const locale = environment.LC_ALL || environment.LC_CTYPE || environment.LANG || 'C';
  return !/\.utf-?8(@|$)/i.test(locale);
}
