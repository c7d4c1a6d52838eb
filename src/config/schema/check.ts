/** Checks the shape of a configuration, and keeps the valid parts of an invalid one. */

import { z } from 'zod';
import { describeValue, quote } from '../../text/describe.js';
import { meantDuration, NO_DURATION } from '../../text/duration.js';
import { type Path, pathKey, valueAt } from '../../text/path.js';
import { didYouMean, keysHere, nearest } from '../../text/suggest.js';
import type { Problems } from '../source/problems.js';
import { type ConfigShape, configSchema } from './ensemble.js';
import { synonymOf } from './synonyms.js';

export interface CheckedShape<Shape = ConfigShape> {
  /** The parts with a valid shape; all others are left out. */
  readonly config: Shape;
  /** Whether the value at a path was left out, which was reported. Its absence is not an error then. */
  isBroken(path: Path): boolean;
}

type Issue = z.core.$ZodIssue;

/** The messages for a value of another type than all alternatives of a union. */
const OTHER_KIND: readonly Issue['code'][] = ['invalid_type', 'invalid_value', 'invalid_format'];

/** The generation of code for a schema takes longer than the check of one file without it. */
const ONE_TIME = { jitless: true };

/** Reports every part that does not have the shape of an ensemble, and returns the rest. */
export function checkShape(value: unknown, problems: Problems): CheckedShape {
  return checkAgainst<ConfigShape>(configSchema, value, problems);
}

/** The same for a file of another kind, or for a part of a file at `base`. */
export function checkAgainst<Shape>(
  schema: z.ZodType,
  value: unknown,
  everything: Problems,
  base: Path = [],
): CheckedShape<Shape> {
  const broken = new Set<string>();
  const isBroken = (path: Path) => broken.has(pathKey(path));
  const problems: Pick<Problems, 'error'> = {
    error: (path, ...rest) => everything.error([...base, ...path], ...rest),
  };

  const issues = (schema.safeParse(value, ONE_TIME).error?.issues ?? []).flatMap((issue) =>
    expandUnion(issue, value),
  );
  // Unknown keys come first: `comand` explains why `command` is missing.
  for (const issue of issues) {
    if (issue.code !== 'unrecognized_keys') continue;
    const parent = toPath(issue.path);
    for (const key of issue.keys) {
      if (isExtension(key)) {
        broken.add(pathKey([...parent, key]));
        continue;
      }
      const meant = reportUnknownKey(schema, value, parent, key, problems);
      broken.add(pathKey([...parent, key]));
      if (meant !== null) broken.add(pathKey([...parent, meant]));
    }
  }
  for (const issue of issues) {
    if (issue.code === 'unrecognized_keys') continue;
    const path = toPath(issue.path);
    if (isBroken(path)) continue;
    broken.add(pathKey(path));
    reportWrongValue(value, path, issue, problems);
  }
  // The rest has the right types, because every invalid value was left out.
  return {
    config: (prune(value, [], isBroken) ?? {}) as Shape,
    isBroken: (path) => isBroken(path.slice(base.length)),
  };
}

/** Returns the missing key that the unknown key stands for, if there is one. */
function reportUnknownKey(
  schema: z.ZodType,
  root: unknown,
  parent: Path,
  key: string,
  problems: Pick<Problems, 'error'>,
): string | null {
  const allowed = allowedKeys(schema, parent);
  const elsewhere = COMMON.has(key) ? null : whereElse(schema, parent, key, allowed);
  const synonym = elsewhere === null ? synonymOf(key, allowed) : null;
  const hint = elsewhere ?? synonym?.hint ?? `${didYouMean(key, allowed)}${keysHere(allowed)}`;
  problems.error([...parent, key], `unknown key ${quote(key)}${hint}`, 'key');
  const given = Object(valueAt(root, parent)) as object;
  const missing = allowed.filter((name) => !(name in given));
  if (elsewhere !== null) return null;
  return synonym === null ? nearest(key, missing) : (missing.find((name) => name === synonym.key) ?? null);
}

/** Keys that several mappings have, so the place of one of them says little about the meant one. */
const COMMON: ReadonlySet<string> = new Set(['timeout']);

/** The right place of a key that is one level too high or too low; null when both levels do not have it. */
function whereElse(schema: z.ZodType, parent: Path, key: string, allowed: readonly string[]): string | null {
  const inside = allowed.find((name) => allowedKeys(schema, [...parent, name]).includes(key));
  if (inside !== undefined) return `; it belongs inside '${inside}'`;
  const name = parent.at(-1);
  if (typeof name !== 'string' || !allowedKeys(schema, parent.slice(0, -1)).includes(key)) return null;
  return `; it belongs next to '${name}'`;
}

/** Keys for anchors, notes and other tools, in every mapping with fixed keys. */
export function isExtension(key: string): boolean {
  return key.startsWith('x-');
}

function reportWrongValue(root: unknown, path: Path, issue: Issue, problems: Pick<Problems, 'error'>): void {
  const found = valueAt(root, path);
  const parent = valueAt(root, path.slice(0, -1));
  const name = path.at(-1);
  if (found === undefined && typeof name === 'string' && parent !== undefined) {
    problems.error(path.slice(0, -1), `'${name}' is missing: it ${issue.message}`);
    return;
  }
  if (issue.code === 'invalid_key') {
    problems.error(path, `${quote(String(name))} ${issue.issues[0]?.message ?? issue.message}`, 'key');
    return;
  }
  const expectsText = issue.code === 'invalid_type' && issue.expected === 'string';
  const isPlain = typeof found === 'number' || typeof found === 'boolean';
  let hint = '';
  if (expectsText && isPlain) hint = '; put it in quotes to make it text';
  else if (typeof found === 'string') hint = hintFor(found, issue);
  else if (typeof found === 'bigint') hint = ', which is too large for exact computations';
  problems.error(path, `${issue.message}; found ${describeValue(found)}${hint}`);
}

function hintFor(found: string, issue: Issue): string {
  if (/^\d{1,3}(?:[,_' ]\d{3})+$/.test(found) && /\b(?:integer|number)\b/.test(issue.message)) {
    return `; write ${found.replace(/\D/g, '')}`;
  }
  const duration = issue.message.startsWith(NO_DURATION) ? meantDuration(found) : null;
  return duration === null || duration === found ? didYouMean(found, valuesOf(issue)) : `; write ${duration}`;
}

/** The valid values in place of the found one, if they can be listed. */
function valuesOf(issue: Issue): string[] {
  if (issue.code === 'invalid_value') return issue.values.map(String);
  if (issue.code !== 'invalid_union') return [];
  return issue.errors.flat().flatMap((inner) => (inner.path.length === 0 ? valuesOf(inner) : []));
}

/** For a value that fits no alternative of a union: the errors of the likely alternative, if there is only one. */
function expandUnion(issue: Issue, root: unknown): Issue[] {
  if (issue.code !== 'invalid_union') return [issue];
  const likely = issue.errors.filter((issues) =>
    issues.every((inner) => inner.path.length > 0 || !OTHER_KIND.includes(inner.code)),
  );
  const meant = likely.length > 1 ? likely.filter((issues) => !isOther(issues, issue, root)) : likely;
  const only = meant.length === 1 ? meant[0] : undefined;
  if (only === undefined) return [issue];
  return only.flatMap((inner) => expandUnion({ ...inner, path: [...issue.path, ...inner.path] }, root));
}

/** Whether an alternative has other keys than the mapping: it lacks one, and does not know one. */
function isOther(issues: readonly Issue[], { path }: Issue, root: unknown): boolean {
  const isMissing = (inner: Issue) =>
    inner.path.length === 1 && valueAt(root, toPath([...path, ...inner.path])) === undefined;
  const isUnknown = ({ code, path: { length } }: Issue) => code === 'unrecognized_keys' && length === 0;
  return issues.some(isMissing) && issues.some(isUnknown);
}

/** The keys of the schema for the mapping at a path. */
function allowedKeys(root: z.ZodType, path: Path): string[] {
  let schemas: z.core.$ZodType[] = [root];
  for (const step of path) {
    schemas = schemas.flatMap(unwrap).flatMap((schema) => {
      if (schema instanceof z.ZodArray) return [schema.element];
      if (schema instanceof z.ZodRecord) return [schema.valueType as z.core.$ZodType];
      const inner = schema instanceof z.ZodObject ? schema.shape[step] : undefined;
      return inner === undefined ? [] : [inner as z.core.$ZodType];
    });
  }
  return schemas.flatMap(unwrap).flatMap((schema) => {
    return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
  });
}

function unwrap(schema: z.core.$ZodType): z.core.$ZodType[] {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) return unwrap(schema.unwrap());
  if (schema instanceof z.ZodUnion) return schema.options.flatMap(unwrap);
  return [schema];
}

/** A copy without the invalid values. It goes no deeper than the schema; everything deeper is invalid. */
function prune(value: unknown, path: Path, isBroken: (path: Path) => boolean): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (isBroken(path)) return undefined;
  const copy = (inner: unknown, step: string | number) => {
    const innerPath = [...path, step];
    return isBroken(innerPath) ? undefined : prune(inner, innerPath, isBroken);
  };
  if (Array.isArray(value)) return value.map(copy);
  const entries = Object.entries(value).map(([key, inner]) => [key, copy(inner, key)] as const);
  // A key like __proto__ must become a key of the copy, not its prototype; fromEntries guarantees this.
  return Object.fromEntries(entries.filter(([, inner]) => inner !== undefined));
}

function toPath(path: readonly PropertyKey[]): Path {
  return path.map((step) => (typeof step === 'symbol' ? String(step) : step));
}
