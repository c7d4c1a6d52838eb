/**
 * Expands `after:` and `all:` of job entries: appends the rules that they stand for, and gives an entry the parameters of
 * the one that it follows. Runs before all checks, so the rules are checked like the others.
 */

import { MAX_COUNT } from '../../model/limits.js';
import { quote } from '../../text/describe.js';
import type { Path } from '../../text/path.js';
import { didYouMean, thereAre } from '../../text/suggest.js';
import { type ExpandedSource, PlacedSource } from './expanded-source.js';
import type { Problems } from './problems.js';

type Entry = Readonly<Record<string, unknown>>;

/** Keys that make the rows of an entry. */
const ROWS = ['parameters', 'samples', 'seed', 'design', 'ask'] as const;

/** Returns the configuration with these rules and parameters. Mistakes in the two keys are reported. */
export function expandAfter(value: unknown, source: ExpandedSource, problems: Problems): unknown {
  if (!isMapping(value) || !Array.isArray(value.jobs)) return value;
  const jobs: unknown[] = [...value.jobs];
  const links = jobs.flatMap((job, index) =>
    isMapping(job) && ('after' in job || 'all' in job) ? [{ job, index }] : [],
  );
  if (links.length === 0) return value;
  const rules: unknown[] = 'rules' in value && Array.isArray(value.rules) ? [...value.rules] : [];
  const places: Path[] = [];
  const first = rules.length;
  const append = (rule: unknown, place: Path) => {
    rules.push(rule);
    places.push(place);
  };
  const order = inOrder(links, jobs, problems);
  for (const { job, index } of order) {
    const { name, after, all } = job;
    if (typeof name !== 'string') continue;
    if (typeof after === 'string') {
      const before = entryOf(jobs, after, ['jobs', index, 'after'], problems);
      if (before === null) continue;
      const own = ROWS.find((key) => job[key] !== undefined);
      if (own !== undefined) {
        const message = `a group with 'after' has the parameters of ${quote(after)}; remove ${quote(own)}`;
        problems.error(['jobs', index, own], message, 'key');
        continue;
      }
      jobs[index] = { ...job, ...rowsOf(jobs[before] as Entry, ['jobs', index, 'after'], problems) };
      source.alias(['jobs', index, 'parameters'], ['jobs', before, 'parameters']);
      append(following(after, name), ['jobs', index, 'after']);
    }
    if (typeof all === 'string') append(afterAll(name, all), ['jobs', index, 'all']);
  }
  source.add(first, new PlacedSource(source, places));
  return { ...value, jobs, rules };
}

const following = (before: string, group: string) => ({
  trigger: 'job-success',
  name: before,
  action: { name: 'submit', label: group, parameters: 'same', repetitions: MAX_COUNT },
});

const afterAll = (group: string, next: string) => ({
  trigger: 'group-done',
  name: group,
  action: { name: 'submit', label: next },
});

/** The parameters of an entry, for the one that follows it. The values of a search are known only when it runs. */
function rowsOf({ ask, ...entry }: Entry, place: Path, problems: Problems): Entry {
  const kept = Object.fromEntries(ROWS.flatMap((key) => (key in entry ? [[key, entry[key]]] : [])));
  if (!isMapping(ask)) return kept;
  const { parameters } = ask;
  const names = Array.isArray(parameters)
    ? parameters
    : isMapping(parameters)
      ? Object.keys(parameters)
      : null;
  if (names === null) {
    problems.error(place, "the search has no 'parameters'; name them there, like [x, y]");
    return {};
  }
  return { parameters: Object.fromEntries(names.map((name) => [String(name), 1])) };
}

/** The index of the one entry of a group that another one follows; null after a report of a mistake. */
function entryOf(jobs: readonly unknown[], group: string, place: Path, problems: Problems): number | null {
  const found = jobs.flatMap((job, index) => (isMapping(job) && job.name === group ? [index] : []));
  if (found.length === 1) return found[0] as number;
  const names = jobs.flatMap((job) => (isMapping(job) && typeof job.name === 'string' ? [job.name] : []));
  const message =
    found.length === 0
      ? `unknown job group ${quote(group)}${didYouMean(group, names) || thereAre(names)}`
      : `the group ${quote(group)} has ${found.length} entries; a group can follow one of a single entry`;
  problems.error(place, message);
  return null;
}

/** The entries with links, each after the one that it follows. Those that follow themselves are reported and left out. */
function inOrder(
  links: readonly { readonly job: Entry; readonly index: number }[],
  jobs: readonly unknown[],
  problems: Problems,
) {
  const byName = new Map(links.map((link) => [link.job.name, link]));
  const depthOf = ({ job, index }: (typeof links)[number]): number | null => {
    let depth = 0;
    for (let at = job.after; typeof at === 'string'; at = byName.get(at)?.job.after) {
      if (++depth <= jobs.length) continue;
      problems.error(['jobs', index, 'after'], `${quote(String(job.name))} follows itself`);
      return null;
    }
    return depth;
  };
  return links
    .map((link) => ({ ...link, depth: depthOf(link) }))
    .filter(({ depth }) => depth !== null)
    .sort((one, other) => Number(one.depth) - Number(other.depth));
}

function isMapping(value: unknown): value is Entry {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
