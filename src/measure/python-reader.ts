/** The job that a reader in Python gets, and the numbers that it returns. */

import { resolve } from 'node:path';
import { readMeasuredNumber } from '../language/measured-number.js';
import { findFile } from '../members/find-file.js';
import { formatJobId } from '../model/job-id.js';
import type { Finding } from '../model/measure.js';
import type { Parameters } from '../model/parameters.js';
import { quote } from '../text/describe.js';
import { choices } from '../text/suggest.js';
import type { MeasuredJob } from './messages.js';

/** A job as a reader gets it: the attributes of its argument. */
export interface ReaderJob {
  readonly id: string;
  readonly group: string;
  readonly parameters: Parameters;
  /** Absolute paths; null where the job has no such file. */
  readonly workdir: string;
  readonly output: string | null;
  readonly error: string | null;
}

export function readerJob({ facts, kept }: MeasuredJob): ReaderJob {
  const { id, group, parameters, workdir } = facts;
  const find = (path: string | null, kept: string | null = null) =>
    path === null ? kept : findFile(resolve(workdir, path), facts).path;
  return {
    ...{ id: formatJobId(id), group, parameters, workdir },
    output: find(facts.output, kept?.output),
    error: find(facts.error, kept?.error),
  };
}

/** Returns the numbers that a reader has returned, under these names. */
export function readNumbers(answer: unknown, file: string, names: readonly string[]): Finding[] {
  const [only = ''] = names;
  const isOne = names.length === 1 && (typeof answer === 'number' || typeof answer === 'string');
  const given: unknown = isOne ? { [only]: answer } : answer;
  return names.map((name): Finding => {
    const missing = (reason: string): Finding => ({
      name,
      value: null,
      reason: `read() of ${file} returned ${reason}`,
    });
    if (typeof given !== 'object' || given === null || Array.isArray(given)) {
      return missing(
        answer === null ? 'None' : `${JSON.stringify(answer)}, not a mapping of names to numbers`,
      );
    }
    if (!Object.hasOwn(given, name)) {
      const others = Object.keys(given);
      return missing(`no ${quote(name)}, but ${others.length === 0 ? 'nothing' : choices(others, 'and')}`);
    }
    const value: unknown = Reflect.get(given, name);
    const number = typeof value === 'string' ? readMeasuredNumber(value) : value;
    if (typeof number === 'number' && Number.isFinite(number)) {
      return { name, value: number, file, line: null, text: null };
    }
    return missing(
      `${value === null ? 'None' : String(value)} for ${quote(name)}, which is not a finite number`,
    );
  });
}
