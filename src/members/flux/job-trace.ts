/** Collects what Flux knows of a failed job: its jobspec, and its output in the KVS. */

import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { JobTrace } from '../../model/failure.js';
import type { Parameters } from '../../model/parameters.js';
import { lastLine, lastLineOf } from '../last-line.js';
import { readOutputEvent } from './output-log.js';
import type { Requests } from './tree.js';

/** Maximum pieces of output in the KVS that are read. The output may be as large as a gigabyte. */
const MAX_PIECES = 1000;
/** The output arrives in the KVS shortly after the end of the job. */
const TRIES = 4;
const TRY_EVERY_MS = 250;
/** FLUX_KVS_TREEOBJ: requests references to the pieces instead of their content. */
const TREEOBJ = 16;
/** Content of the shell's output eventlog. */
interface ShellOutput {
  readonly line: string | null;
  readonly output: string | null;
  readonly error: string | null;
}

const NO_OUTPUT: ShellOutput = { line: null, output: null, error: null };

/** Reads an eventlog (RFC 24), which has one event a line. */
export function readShellOutput(eventlog: string): ShellOutput {
  const paths: Record<string, string> = {};
  let stderr = '';
  let complaint: string | null = null;
  for (const text of eventlog.split('\n')) {
    const event = text === '' ? null : readOutputEvent(text);
    if (event?.kind === 'data' && event.stream === 'stderr') {
      stderr = (stderr + event.data.toString()).slice(-4096);
    } else if (event?.kind === 'redirect') {
      paths[event.stream] = event.path;
    } else if (event?.kind === 'error') {
      complaint ??= event.message;
    }
  }
  const { stdout: output = null, stderr: error = null } = paths;
  return { line: lastLine(stderr) ?? complaint, output, error };
}

/** Returns the key of a job's output in the KVS: the id in hexadecimal, in groups of four digits. */
function outputKey(id: bigint): string {
  const digits = id.toString(16).padStart(16, '0');
  return `job.${digits.match(/.{4}/g)?.join('.')}.guest.output`;
}

async function lookUp(source: Requests, id: bigint, key: string): Promise<string> {
  const answer = await source.request('job-info.lookup', `{"id":${id},"keys":["${key}"],"flags":0}`);
  return String((JSON.parse(answer) as Record<string, unknown>)[key] ?? '');
}

/**
 * Returns the eventlog of the output of a job that has ended (RFC 24); null for a missing one, and for one of more than `most`
 * pieces. Throws the engine's errors.
 */
export async function readOutputLog(source: Requests, id: bigint, most: number): Promise<string | null> {
  const request = JSON.stringify({ key: outputKey(id), namespace: 'primary', flags: TREEOBJ });
  for (let left = TRIES; left > 0; left--) {
    const pieces = await source.request('kvs.lookup', request).catch(() => null);
    if (pieces === null) {
      await sleep(TRY_EVERY_MS);
      continue;
    }
    const { val } = JSON.parse(pieces) as { val?: { data?: unknown } };
    const tooMany = Array.isArray(val?.data) && val.data.length > most;
    return tooMany ? null : lookUp(source, id, 'guest.output');
  }
  return null;
}

async function shellOutput(source: Requests, id: bigint): Promise<ShellOutput> {
  const log = await readOutputLog(source, id, MAX_PIECES);
  return log === null ? NO_OUTPUT : readShellOutput(log);
}

/**
 * Returns the facts about a job; null for a job that Flux does not know, as after `flux job purge`. `started` is true
 * when it may have written output. Throws the engine's errors.
 */
export async function traceJob(source: Requests, id: bigint, started: boolean): Promise<JobTrace | null> {
  const jobspec = await lookUp(source, id, 'jobspec').catch((error: Error) => {
    if (error.message.endsWith('[ENOENT]')) return null;
    throw error;
  });
  if (jobspec === null) return null;
  const { attributes = {} } = JSON.parse(jobspec) as {
    attributes?: { user?: { parameters?: Parameters }; system?: { cwd?: string } };
  };
  const { line, ...paths } = started ? await shellOutput(source, id).catch(() => NO_OUTPUT) : NO_OUTPUT;
  const absolute = (path: string | null) =>
    path === null ? null : resolve(attributes.system?.cwd ?? '', path);
  const output = absolute(paths.output);
  const error = absolute(paths.error);
  return {
    parameters: attributes.user?.parameters ?? null,
    line: line ?? (error === null ? null : await lastLineOf(error)),
    output,
    error: error === output ? null : error,
  };
}
