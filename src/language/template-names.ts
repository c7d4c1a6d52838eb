/** The names that templates of a file may use. */

import { quote } from '../text/describe.js';
import { messagesOf } from '../text/result.js';
import { didYouMean } from '../text/suggest.js';
import { faultOfDivision } from './expression/check.js';
import { parseMetricName } from './metric-name.js';
import { namesIn } from './template.js';

/** Properties of the event that made the rule due; `context` has its other data. */
export const EVENT_NAMES = [
  'event.name',
  'event.id',
  'event.group',
  'event.timestamp',
  'event.status',
  'event.exception.type',
  'event.exception.severity',
  'event.exception.note',
] as const;

/** Names with another meaning in a template, which a parameter can't have. */
export const RESERVED_NAMES: ReadonlySet<string> = new Set(['index', 'state', 'group']);

/** The reason why a parameter can't have the name; null where it may. */
export function faultOfParameterName(name: string): string | null {
  if (!RESERVED_NAMES.has(name)) return null;
  return `${quote(name)} can't be the name of a parameter: {{${name}}} means something else`;
}

/** Whether a tag is known only when a rule fires. */
export function isOurTag(name: string): boolean {
  return name === 'state' || name === 'by' || /^(?:event|metrics|job\.parameters)\./.test(name);
}

/** Flux's tags for suggestions. */
const FLUX_NAMES = ['id', 'id.dec', 'jobid', 'name', 'size', 'ntasks', 'nnodes', 'taskid', 'tmpdir'];

/** The names that are known at the place of a template. */
export interface KnownNames {
  /** Parameters of the job. */
  readonly parameters: readonly string[];
  /** Parameters of any group's jobs, which `job.parameters.` may name. */
  readonly ofAnyJob: ReadonlySet<string>;
  /** The ensemble has states. */
  readonly hasStates: boolean;
  /** Job groups, or null where some could not be read. */
  readonly groups: ReadonlySet<string> | null;
  /** The parameter for each value of which there is a rule: `by` is its value. Null elsewhere. */
  readonly by: string | null;
  /** The template belongs to a job: `index` and `group` have a meaning. */
  readonly inJob: boolean;
  /** Flux fills in tags of its own here. */
  readonly isFluxTag: (name: string) => boolean;
}

/** The names in a template, except Flux's own, and the mistakes in it. */
export function checkTemplate(text: string, known: KnownNames): { names: string[]; messages: string[] } {
  const found = namesIn(text);
  if (!found.ok) return { names: [], messages: messagesOf(found) };
  const ours = found.value.filter((name) => known.parameters.includes(name) || !known.isFluxTag(name));
  return { names: ours, messages: ours.flatMap((name) => whatIsWrongWith(name, known)) };
}

function whatIsWrongWith(name: string, known: KnownNames): string[] {
  const { parameters, ofAnyJob, hasStates, groups, by, inJob, isFluxTag } = known;
  if (parameters.includes(name)) return [];
  if (inJob && (name === 'index' || name === 'group')) return [];
  if (hasStates && name === 'state') return [];
  if (by !== null && name === 'by') return [];
  if (EVENT_NAMES.some((event) => event === name) || /^event\.(?:context|tell)\.[^.\s]+$/.test(name))
    return [];
  if (name.startsWith('metrics.')) {
    const metric = parseMetricName(name.slice('metrics.'.length), groups);
    const fault = metric.ok ? faultOfDivision(metric.value, by) : null;
    return fault === null ? messagesOf(metric) : [fault];
  }
  const ofJob = /^job\.parameters\.(.+)$/.exec(name)?.[1];
  if (ofJob !== undefined && ofAnyJob.has(ofJob)) return [];
  const candidates = [
    ...parameters,
    ...(inJob ? ['index', 'group'] : []),
    ...(hasStates ? ['state'] : []),
    ...(by === null ? [] : ['by']),
    ...EVENT_NAMES,
    ...[...ofAnyJob].map((parameter) => `job.parameters.${parameter}`),
    ...FLUX_NAMES.filter(isFluxTag),
  ];
  return [`unknown name ${quote(`{{${name}}}`)}${hintFor(name, candidates, parameters)}`];
}

function hintFor(name: string, candidates: readonly string[], parameters: readonly string[]): string {
  // The remedy for a template of another program.
  if (/^\W|[\s{}]/.test(name)) return '; to keep braces as they are, write {{=<% %>=}} in front of the word';
  return didYouMean(name, candidates) || whatThereIs(parameters);
}

function whatThereIs(parameters: readonly string[]): string {
  return parameters.length === 0
    ? '; there are no parameters'
    : `; the parameters are ${parameters.join(', ')}`;
}
