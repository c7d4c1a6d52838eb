/** Differences in meaning between two versions of an ensemble's file, and whether a run can go on with the new one. */

import { isDeepStrictEqual } from 'node:util';
import { diffArrays } from 'diff';
import type { EnsembleConfig, Rule } from '../model/ensemble.js';
import { formatPath, type Path } from '../text/path.js';
import { type LoadedConfig, parseConfig } from './load.js';
import { YamlSource } from './source/yaml-source.js';

export interface ConfigChange {
  readonly how: 'added' | 'removed' | 'changed';
  /** `group melt`, `rules[3] (count.sleep.success)`, `test ...`, or the name of another part of the file. */
  readonly what: string;
  /** The values of a part that was changed: `command: a -> b`. */
  readonly details: readonly string[];
  /** Why a run can't go on with it; null where it can. */
  readonly refusal: string | null;
}

/** A version of the file. */
export interface ConfigVersion {
  readonly config: EnsembleConfig;
  /** The text of the file as plain values. */
  readonly written: Written;
}

type Written = Readonly<Record<string, unknown>>;

/** Reads a version of a file. Throws ConfigError. */
export function readVersion(
  text: string,
  file: string | null,
): ConfigVersion & { readonly loaded: LoadedConfig } {
  const loaded = parseConfig(text, { file });
  return { config: loaded.config, loaded, written: new YamlSource(text).value as Written };
}

/** Why a run can't go on with a change. */
const ONLY_ADDS = 'a run goes on with new groups, new rules after the existing ones, and other tests only';

/** Why a run can't go on with a new rule for each value of a parameter. */
export const FROM_BEGINNING =
  "a rule with 'by' must be there from the beginning of a run, because it counts all jobs";

/** Returns all differences in meaning. Comments, the layout and defaults that are written out have none. */
export function changesOf(before: ConfigVersion, after: ConfigVersion): ConfigChange[] {
  return [
    ...groupChanges(before, after),
    ...ruleChanges(before, after),
    ...settingChanges(before, after),
    ...testChanges(before, after),
  ];
}

function* groupChanges(before: ConfigVersion, after: ConfigVersion): Generator<ConfigChange> {
  for (const [name, group] of before.config.groups) {
    const what = `group ${name}`;
    const now = after.config.groups.get(name);
    if (now === undefined) yield { how: 'removed', what, details: [], refusal: ONLY_ADDS };
    else if (!isDeepStrictEqual(group, now)) {
      const details = differences(entriesOf(before, name), entriesOf(after, name));
      yield { how: 'changed', what, details, refusal: ONLY_ADDS };
    }
  }
  for (const name of after.config.groups.keys()) {
    if (before.config.groups.has(name)) continue;
    yield { how: 'added', what: `group ${name}`, details: [], refusal: null };
  }
}

/** The entries of a group as they are written; one that is alone, without a list. */
function entriesOf({ written }: ConfigVersion, group: string): unknown {
  const jobs = listOf(written.jobs).filter((job) => nameOf(job) === group);
  return jobs.length === 1 ? jobs[0] : { jobs };
}

function* ruleChanges(before: ConfigVersion, after: ConfigVersion): Generator<ConfigChange> {
  const [old, now] = [before.config.rules, after.config.rules];
  if (old.every((rule, index) => isDeepStrictEqual(rule, now[index]))) {
    for (const [k, rule] of now.slice(old.length).entries()) {
      const refusal = rule.by === null ? null : FROM_BEGINNING;
      yield { how: 'added', what: titleOf(rule, old.length + k), details: [], refusal };
    }
    return;
  }
  const refusal = ONLY_ADDS;
  const comparator = isDeepStrictEqual;
  // As many rules as before were changed in their places.
  const parts =
    old.length === now.length
      ? old.flatMap((rule, i) => inPlace(rule, now[i] as Rule))
      : diffArrays([...old], [...now], { comparator });
  let [from, to] = [0, 0];
  for (const [i, { value, added, removed }] of parts.entries()) {
    // Added rules in the place of removed ones are changed rules.
    const other = removed ? parts[i + 1] : parts[i - 1];
    const pairs = other !== undefined && (removed ? other.added : other.removed) ? other.value.length : 0;
    for (const [k, rule] of value.entries()) {
      const isPair = k < pairs;
      if (removed && isPair) {
        const details = differences(writtenRule(before, from + k), writtenRule(after, to + k));
        yield { how: 'changed', what: titleOf(rule, from + k), details, refusal };
      } else if (removed) yield { how: 'removed', what: titleOf(rule, from + k), details: [], refusal };
      else if (added && !isPair) yield { how: 'added', what: titleOf(rule, to + k), details: [], refusal };
    }
    if (!added) from += value.length;
    if (!removed) to += value.length;
  }
}

/** The part of a difference for two rules in one place. */
function inPlace(old: Rule, now: Rule): { value: Rule[]; added: boolean; removed: boolean }[] {
  if (isDeepStrictEqual(old, now)) return [{ value: [old], added: false, removed: false }];
  return [
    { value: [old], added: false, removed: true },
    { value: [now], added: true, removed: false },
  ];
}

function titleOf({ title, algorithm }: Rule, index: number): string {
  return `rules[${index}] (${title}${algorithm === null ? '' : `, of ${algorithm}`})`;
}

/** The rule as it is written; for one of another file, what the file says about that. */
function writtenRule({ written, config }: ConfigVersion, index: number): unknown {
  const isOwn = config.rules[index]?.algorithm === null;
  return isOwn ? listOf(written.rules)[index] : { use: written.use };
}

/** Settings with the parts of the file that they come from. `isFree`: a run can go on with other values. */
const SETTINGS: readonly {
  readonly key: string;
  readonly read: (config: EnsembleConfig) => unknown;
  readonly isFree?: true;
}[] = [
  { key: 'states', read: ({ states }) => states },
  { key: 'plugins', read: ({ plugins }) => plugins },
  {
    key: 'custom',
    read: ({ custom }) => {
      if (custom?.kind === 'program') return custom.names;
      return custom?.kind === 'inline' ? { ...custom, line: null } : custom;
    },
  },
  { key: 'logging.heartbeat', read: ({ heartbeat }) => heartbeat },
  { key: 'logging.debug', read: ({ debug }) => debug, isFree: true },
  { key: 'member', read: ({ member }) => member, isFree: true },
  { key: 'notify', read: ({ notify }) => notify, isFree: true },
];

function* settingChanges(before: ConfigVersion, after: ConfigVersion): Generator<ConfigChange> {
  for (const { key, read, isFree } of SETTINGS) {
    const [old, now] = [read(before.config), read(after.config)];
    if (isDeepStrictEqual(old, now)) continue;
    const [part = ''] = key.split('.');
    const found = differences({ [part]: before.written[part] }, { [part]: after.written[part] });
    // New rules may need heartbeats that the file does not mention.
    const details = found.length > 0 || key === 'custom' ? found : [`${show(old)} -> ${show(now)}`];
    yield { how: 'changed', what: key, details, refusal: isFree ? null : ONLY_ADDS };
  }
}

function* testChanges(before: ConfigVersion, after: ConfigVersion): Generator<ConfigChange> {
  const byName = ({ written }: ConfigVersion) =>
    new Map(listOf(written.tests).map((test) => [nameOf(test) ?? '', test] as const));
  const [old, now] = [byName(before), byName(after)];
  for (const [name, test] of old) {
    const what = `test ${name}`;
    const other = now.get(name);
    if (other === undefined) yield { how: 'removed', what, details: [], refusal: null };
    else if (!isDeepStrictEqual(test, other)) {
      yield { how: 'changed', what, details: differences(test, other), refusal: null };
    }
  }
  for (const name of now.keys()) {
    if (!old.has(name)) yield { how: 'added', what: `test ${name}`, details: [], refusal: null };
  }
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

function nameOf(value: unknown): string | null {
  return typeof value === 'object' && value !== null && 'name' in value ? String(value.name) : null;
}

/** Each value that differs, with its path. */
function differences(before: unknown, after: unknown): string[] {
  const [old, now] = [leavesOf(before), leavesOf(after)];
  const changed = [...old].flatMap(([path, value]) => {
    const other = now.get(path);
    if (other === value) return [];
    return [other === undefined ? `${path}: ${value} (removed)` : `${path}: ${value} -> ${other}`];
  });
  const added = [...now].filter(([path]) => !old.has(path)).map(([path, value]) => `${path}: ${value} (new)`);
  return [...changed, ...added];
}

/** The values of a tree by their paths, as `action.label`. Lists of plain values are values. */
function leavesOf(root: unknown): Map<string, string> {
  const leaves = new Map<string, string>();
  const visit = (value: unknown, path: Path): void => {
    if (value === undefined) return;
    const isList = Array.isArray(value) && !value.some((item) => typeof item === 'object' && item !== null);
    if (typeof value !== 'object' || value === null || isList) leaves.set(formatPath(path), show(value));
    else
      for (const [key, item] of Object.entries(value))
        visit(item, [...path, Array.isArray(value) ? Number(key) : key]);
  };
  visit(root, []);
  return leaves;
}

function show(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(show).join(', ')}]`;
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
}
