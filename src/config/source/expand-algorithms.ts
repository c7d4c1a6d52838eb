/**
 * Expands `use:`: appends the rules of other files, with the values of their parameters, to the rules of the
 * configuration. Runs before all checks, so the appended rules are checked like the others.
 */

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { noJobGroup } from '../../language/metric-name.js';
import { fillValue, isTemplate, namesIn } from '../../language/template.js';
import { type Given, plain, Written } from '../../model/written.js';
import { describeValue, quote } from '../../text/describe.js';
import { DURATION_PATTERN, NO_DURATION } from '../../text/duration.js';
import { packageFile } from '../../text/package-file.js';
import type { Path } from '../../text/path.js';
import { messagesOf } from '../../text/result.js';
import { didYouMean, thereAre } from '../../text/suggest.js';
import {
  type Algorithm,
  type AlgorithmParameter,
  type AlgorithmUse,
  algorithmSchema,
  useSchema,
} from '../schema/algorithm.js';
import { checkAgainst, isExtension } from '../schema/check.js';
import { asWritten, type Scalar } from './as-written.js';
import { type ExpandedSource, UsedSource } from './expanded-source.js';
import { type ConfigSource, Problems } from './problems.js';
import { YamlSource } from './yaml-source.js';

export interface Expanded {
  readonly value: unknown;
  /** The algorithm of each rule, or null. */
  readonly algorithms: readonly (string | null)[];
}

const SHIPPED = packageFile('algorithms');
/** Maximum bytes of a file of rules. */
const MAX_FILE = 4 * 2 ** 20;
/** Names whose values are known only when a rule fires. */
const LATER = /^(event|job|metrics)\./;

type Values = ReadonlyMap<string, Given>;

/** Returns the configuration with the rules of its algorithms. Faults of these are reported. */
export function expandAlgorithms(
  value: unknown,
  source: ExpandedSource,
  problems: Problems,
  file: string | null,
): Expanded {
  if (typeof value !== 'object' || value === null || !('use' in value)) return { value, algorithms: [] };
  const uses = Array.isArray(value.use) ? value.use : [];
  const rules: unknown[] = 'rules' in value && Array.isArray(value.rules) ? [...value.rules] : [];
  const algorithms: (string | null)[] = rules.map(() => null);
  for (const [index, use] of uses.entries()) {
    // Invalid entries are reported later by the schema.
    const shape = useSchema.safeParse([withoutExtensions(use)]).data?.[0];
    if (shape === undefined) continue;
    const path = ['use', index];
    const found = readAlgorithm(shape.algorithm, [...path, 'algorithm'], source, problems, file);
    if (found === null) continue;
    const values = bind(found, shape, value, path, source, problems);
    if (values === null) continue;
    source.add(rules.length, found.source);
    const own = new Problems(found.source, found.file);
    for (const [i, rule] of (found.algorithm.rules ?? []).entries()) {
      rules.push(fill(rule, values, ['rules', i], found.source, own));
      algorithms.push(found.name);
    }
    problems.include(own);
  }
  return { value: { ...value, rules }, algorithms };
}

function withoutExtensions(use: unknown): unknown {
  if (typeof use !== 'object' || use === null) return use;
  return Object.fromEntries(Object.entries(use).filter(([key]) => !isExtension(key)));
}

interface Found {
  readonly name: string;
  readonly file: string;
  readonly algorithm: Partial<Algorithm>;
  readonly source: UsedSource;
}

function readAlgorithm(
  named: string,
  path: Path,
  source: ExpandedSource,
  problems: Problems,
  file: string | null,
): Found | null {
  const isPath = named.includes('/') || /\.ya?ml$/.test(named);
  const target = isPath
    ? resolve(file === null ? '.' : resolve(file, '..'), named)
    : join(SHIPPED, `${named}.yaml`);
  let text: string;
  try {
    const stats = statSync(target);
    if (!stats.isFile() || stats.size > MAX_FILE)
      throw new Error('it is not a regular file of at most 4 MiB');
    text = readFileSync(target, 'utf8');
  } catch (error) {
    if (isPath)
      problems.error(path, `can't read ${target}: ${error instanceof Error ? error.message : error}`);
    else
      problems.error(
        path,
        `unknown algorithm ${quote(named)}${ofThoseShipped(named)}; write the path of a file with a /`,
      );
    return null;
  }
  const shown = isPath && file !== null && !isAbsolute(named) ? join(dirname(file), named) : target;
  const yaml = new YamlSource(text);
  const used = new UsedSource(yaml, shown, source.place(path, 'value'), file);
  const own = new Problems(used, shown);
  for (const { severity, message, offset } of yaml.findings) {
    own.add(severity, [], message, { ...used.place([], 'value'), ...lineOf(yaml, offset) });
  }
  const { config } = checkAgainst<Partial<Algorithm>>(algorithmSchema, yaml.value ?? {}, own);
  problems.include(own);
  if (own.hasErrors) return null;
  const name = /([^/]*?)(\.ya?ml)?$/.exec(named)?.[1] ?? named;
  return { name, file: shown, algorithm: config, source: used };
}

function lineOf(yaml: YamlSource, offset: number) {
  const { line, column } = yaml.placeOf(offset);
  return { line, column };
}

function ofThoseShipped(named: string): string {
  const shipped = readdirSync(SHIPPED).flatMap((name) => (name.endsWith('.yaml') ? [name.slice(0, -5)] : []));
  return didYouMean(named, shipped) || thereAre(shipped);
}

/** Returns the values of all parameters; null after reporting a missing or invalid one. */
function bind(
  { algorithm, source: own }: Found,
  use: AlgorithmUse,
  ensemble: object,
  path: Path,
  source: ConfigSource,
  problems: Problems,
): Values | null {
  const declared = Object.entries(algorithm.parameters ?? {});
  const names = declared.map(([name]) => name);
  const given = use.with ?? {};
  let good = true;
  const wrong = (at: Path, message: string, part: 'key' | 'value' = 'value') => {
    problems.error(at, message, part);
    good = false;
  };
  for (const name of Object.keys(given)) {
    if (names.includes(name)) continue;
    const what = names.length === 0 ? '; it has no parameters' : thereAre(names);
    const hint = didYouMean(name, names) || what;
    wrong([...path, 'with', name], `${quote(use.algorithm)} has no parameter ${quote(name)}${hint}`, 'key');
  }
  const values = new Map<string, Given>();
  for (const [name, parameter] of declared) {
    const value = Object.hasOwn(given, name) ? given[name] : parameter.default;
    const meaning = parameter.description === undefined ? '' : `: ${parameter.description}`;
    if (value === undefined) {
      wrong(path, `parameter '${name}' of ${quote(use.algorithm)} is missing${meaning}`);
      continue;
    }
    const message = whatIsWrong(value, parameter, ensemble);
    if (message === null) {
      const isGiven = Object.hasOwn(given, name);
      const at = isGiven ? [...path, 'with', name] : ['parameters', name, 'default'];
      values.set(name, asWritten(isGiven ? source : own, value, at));
    } else wrong(Object.hasOwn(given, name) ? [...path, 'with', name] : path, `'${name}': ${message}`);
  }
  return good ? values : null;
}

function whatIsWrong(value: Scalar, parameter: AlgorithmParameter, ensemble: object): string | null {
  const { type, minimum, maximum } = parameter;
  const found = `; found ${describeValue(value)}`;
  switch (type) {
    case 'group':
      if (typeof value !== 'string') return `must be the name of a job group${found}`;
      return unknownAmong(value, namesAt(ensemble, 'jobs'), (known) => noJobGroup(value, known));
    case 'state':
      if (typeof value !== 'string') return `must be the name of a state${found}`;
      return unknownAmong(value, namesAt(ensemble, 'states'), (known) => {
        return `unknown state ${quote(value)}${didYouMean(value, known)}`;
      });
    case 'string':
      return typeof value === 'string' ? null : `must be text${found}; put it in quotes`;
    case 'boolean':
      return typeof value === 'boolean' ? null : `must be true or false${found}`;
    case 'duration':
      if (typeof value === 'number' ? value >= 0 : typeof value === 'string' && DURATION_PATTERN.test(value))
        return null;
      return `${NO_DURATION}, like 30s, 5m or 2h${found}`;
    case 'integer':
    case 'number': {
      const what = `must be ${type === 'integer' ? 'an integer' : 'a number'}${boundsText(minimum, maximum)}`;
      if (typeof value !== 'number' && typeof value !== 'bigint') return `${what}${found}`;
      if (type === 'integer' && typeof value === 'number' && !Number.isInteger(value))
        return `${what}${found}`;
      return value < (minimum ?? -Infinity) || value > (maximum ?? Infinity) ? `${what}${found}` : null;
    }
  }
}

function boundsText(minimum: number | undefined, maximum: number | undefined): string {
  if (minimum === undefined) return maximum === undefined ? '' : `, ${maximum} at most`;
  return maximum === undefined ? ` from ${minimum} on` : ` from ${minimum} to ${maximum}`;
}

/** Returns the names in a list of the unchecked ensemble; null where they are unknown. */
function namesAt(ensemble: object, key: string): string[] | null {
  const list = (ensemble as Readonly<Record<string, unknown>>)[key];
  if (!Array.isArray(list)) return null;
  return list.flatMap((item: unknown) => {
    const name = typeof item === 'object' && item !== null && 'name' in item ? item.name : item;
    return typeof name === 'string' ? [name] : [];
  });
}

function unknownAmong(
  value: string,
  known: readonly string[] | null,
  message: (known: readonly string[]) => string,
): string | null {
  return known === null || known.includes(value) ? null : message(known);
}

/** Returns a rule, or a part of one, with values in place of the tags. */
function fill(part: unknown, values: Values, path: Path, source: UsedSource, problems: Problems): unknown {
  if (Array.isArray(part)) {
    return part.map((item, index) => fill(item, values, [...path, index], source, problems));
  }
  if (typeof part === 'object' && part !== null) {
    return Object.fromEntries(
      Object.entries(part).map(([key, inner]) => [
        key,
        fill(inner, values, [...path, key], source, problems),
      ]),
    );
  }
  if (typeof part !== 'string' || !isTemplate(part)) return part;
  const names = namesIn(part);
  if (!names.ok) {
    for (const message of messagesOf(names)) problems.error(path, message);
    return part;
  }
  for (const name of names.value) {
    if (values.has(name) || LATER.test(name)) continue;
    const known = [...values.keys()];
    const hint = didYouMean(name, known) || (known.length === 0 ? '' : thereAre(known));
    problems.error(path, `the algorithm has no parameter ${quote(name)}${hint}`);
  }
  const filled = fillValue(part, (name) => values.get(name) ?? `{{${name}}}`);
  if (filled instanceof Written) source.fillIn(path, filled.text);
  return plain(filled);
}
