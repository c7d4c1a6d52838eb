/** Reads an ensemble from a file, from YAML text or from an object. */

import { type FileHandle, open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type Diagnostic, EnsembleError } from '../errors.js';
import type { EnsembleConfig, ProgramFunction } from '../model/ensemble.js';
import { describeValue } from '../text/describe.js';
import { resolveConfig } from './resolve/index.js';
import { loadPlugins } from './resolve/plugins.js';
import { checkShape } from './schema/check.js';
import { expandAfter } from './source/expand-after.js';
import { expandAlgorithms } from './source/expand-algorithms.js';
import { ExpandedSource } from './source/expanded-source.js';
import { ObjectSource } from './source/object-source.js';
import { Problems } from './source/problems.js';
import { takeFunctions } from './source/program-functions.js';
import { faultInValue } from './source/tree.js';
import { YamlSource } from './source/yaml-source.js';

export interface LoadedConfig {
  readonly config: EnsembleConfig;
  /** Warnings about the configuration, in the order of their places. */
  readonly warnings: readonly Diagnostic[];
}

/** Maximum bytes of an ensemble file. A larger file was named by mistake. */
const MAX_FILE = 16 * 2 ** 20;

export interface LoadOptions {
  /** The jobs come from a recording, so rules need not submit them. */
  readonly recorded?: boolean;
}

/**
 * Reads an ensemble from a YAML file.
 *
 * @throws ConfigError with everything that is wrong with it.
 * @throws EnsembleError with code `ERR_FILE` when the file can't be read.
 */
export async function loadConfig(path: string, options: LoadOptions = {}): Promise<LoadedConfig> {
  return parseConfig(await readText(path), { ...options, file: path });
}

/**
 * Reads an ensemble from YAML text.
 *
 * @param options.file The file that the text came from: named in messages, and relative paths of custom
 *   functions start beside it.
 * @throws ConfigError with everything that is wrong with it.
 */
export function parseConfig(
  text: string,
  options: LoadOptions & { file?: string | null } = {},
): LoadedConfig {
  const { file = null, recorded = false } = options;
  if (typeof text !== 'string') return refuse(text, file);
  const yaml = new YamlSource(text);
  const source = new ExpandedSource(yaml);
  const problems = new Problems(source, file);
  for (const { severity, message, offset } of yaml.findings) {
    problems.add(severity, [], message, yaml.placeOf(offset));
  }
  // Invalid YAML makes further messages unreliable.
  if (yaml.value === undefined) throw problems.toError();
  return finish(yaml.value, source, problems, file, recorded);
}

/**
 * Takes an ensemble from an object of the same form as a file. Its types are those of `EnsembleInput`; this function checks
 * any value.
 *
 * @throws ConfigError with everything that is wrong with it.
 */
export function configFromObject(value: unknown): LoadedConfig {
  return loadObject(value).loaded;
}

/**
 * The same, with the object as JSON, which is YAML too: with labels in place of functions. Null for a value that JSON does
 * not have.
 */
export function loadObject(value: unknown): {
  readonly loaded: LoadedConfig;
  readonly text: string | null;
} {
  const source = new ExpandedSource(new ObjectSource(value));
  const problems = new Problems(source, null);
  const fault = faultInValue(value);
  if (fault !== null) {
    problems.error(fault.path, fault.message);
    throw problems.toError();
  }
  const { value: written, functions } = takeFunctions(value, problems);
  return { loaded: finish(written, source, problems, null, false, functions), text: jsonOf(written) };
}

function jsonOf(value: unknown): string | null {
  try {
    return JSON.stringify(value) ?? null;
  } catch {
    return null;
  }
}

function finish(
  value: unknown,
  source: ExpandedSource,
  problems: Problems,
  file: string | null,
  recorded: boolean,
  functions: ReadonlyMap<string, ProgramFunction> = new Map(),
): LoadedConfig {
  const followed = expandAfter(value, source, problems);
  const expanded = expandAlgorithms(followed, source, problems, file);
  const shape = checkShape(expanded.value, problems);
  const absolute = file === null ? null : resolve(file);
  const plugins = loadPlugins(shape.config.plugins ?? [], problems, absolute);
  try {
    const { algorithms } = expanded;
    const context = { shape, source, problems, file: absolute, plugins, algorithms, functions };
    const config = resolveConfig(context, recorded);
    if (problems.hasErrors) throw problems.toError();
    return { config, warnings: problems.list() };
  } finally {
    plugins.close();
  }
}

/** Refuses values of the wrong type from callers without types. */
function refuse(value: unknown, file: string | null): never {
  const problems = new Problems(new ObjectSource(value), file);
  problems.error([], `must be YAML text; found ${describeValue(value)}`);
  throw problems.toError();
}

/** The text of a file. Throws EnsembleError `ERR_FILE`. */
export async function readText(path: string): Promise<string> {
  try {
    const handle = await open(path);
    try {
      return decode(await readBytes(handle));
    } finally {
      await handle.close();
    }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new EnsembleError('ERR_FILE', `can't read ${path}: ${reason}`, { cause });
  }
}

/** Reads to the end without asking for the size: a pipe has no size, and a file may grow. */
async function readBytes(handle: FileHandle): Promise<Buffer> {
  if ((await handle.stat()).isDirectory()) throw new Error('it is a directory');
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of handle.createReadStream({ autoClose: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_FILE) throw new Error(`it exceeds ${MAX_FILE / 2 ** 20} MiB`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new Error('it is not UTF-8 text', { cause });
  }
}
