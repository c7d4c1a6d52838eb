/** The output of a job, piece by piece. */

import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { EnsembleError } from '../../errors.js';
import type { FluxJob } from '../../members/flux/command.js';
import { fluxOutput } from '../../members/flux/kept-output.js';
import { OutputWindow, type Piece, pieceOf, type Wanted, wantedOf } from '../jobs/window.js';
import { ApiProblem } from '../problem.js';
import { route } from '../route.js';
import { jobPath, outputQuery } from '../schemas/job.js';
import { findJob } from './jobs.js';

/** Opens a regular file. A link is not followed: another user may have put it in a shared folder. */
async function openFile(path: string): Promise<{ file: FileHandle; size: number }> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  const file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK).catch((error: NodeJS.ErrnoException) => {
    const reason = error.code === 'ENOENT' ? 'does not exist (yet)' : error.message;
    throw new ApiProblem('ERR_NOT_FOUND', `the file of the output ${reason}`);
  });
  const stats = await file.stat();
  if (stats.isFile()) return { file, size: stats.size };
  await file.close();
  throw new ApiProblem('ERR_NOT_FOUND', 'the output of the job is not a regular file');
}

async function readPiece(file: FileHandle, { from, to }: Piece): Promise<Buffer> {
  const buffer = Buffer.alloc(to - from);
  let length = 0;
  while (length < buffer.length) {
    const { bytesRead } = await file.read(buffer, length, buffer.length - length, from + length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return buffer.subarray(0, length);
}

/** A piece of an output. */
interface Answer {
  readonly bytes: Buffer;
  /** The place of its first byte. */
  readonly from: number;
  /** Bytes of the whole output. */
  readonly size: number;
}

async function ofFile(path: string, wanted: Wanted): Promise<Answer> {
  const { file, size } = await openFile(path);
  try {
    const piece = pieceOf(wanted, size);
    return { bytes: await readPiece(file, piece), from: piece.from, size };
  } finally {
    await file.close();
  }
}

/** Commands of Flux that run for requests. */
let commands = 0;
const MOST_COMMANDS = 8;

/** The output that is in the instance, or in a file that only Flux's shell knows. */
async function ofFlux(job: FluxJob, stream: 'stdout' | 'stderr', wanted: Wanted): Promise<Answer> {
  if (commands >= MOST_COMMANDS) {
    const headers = { 'retry-after': '2' };
    throw new ApiProblem('ERR_BUSY', `${MOST_COMMANDS} outputs are read from Flux already`, { headers });
  }
  commands++;
  const window = new OutputWindow(wanted);
  let path: string | null = null;
  try {
    for await (const event of fluxOutput(job)) {
      if (event.kind === 'redirect' && event.stream === stream) path = event.path;
      if (event.kind === 'data' && event.stream === stream) window.take(event.data);
    }
  } catch (error) {
    if (!(error instanceof EnsembleError)) throw error;
    throw new ApiProblem('ERR_UNAVAILABLE', error.message, { cause: error });
  } finally {
    commands--;
  }
  if (path !== null) return ofFile(path, wanted);
  const { size, bytes } = window;
  return { bytes, from: pieceOf(wanted, size).from, size };
}

export const output = [
  route({
    method: 'get',
    url: '/ensembles/{ensemble}/jobs/{job}/output',
    operation: 'getOutput',
    summary:
      'The output of a job, at most 1 MiB: from its beginning, its last bytes with `tail`, or a piece with the header ' +
      'Range. Content-Range has the size of the output.',
    path: jobPath,
    query: outputQuery,
    answer: null,
    types: ['text/plain'],
    handle: async ({ path, query: { stream, tail }, headers }, services) => {
      const found = await findJob(path, services);
      const name = found[stream];
      const wanted = wantedOf(headers.get('range') ?? '', tail);
      const { flux } = found;
      if (name === null && flux === null) {
        const reason =
          stream === 'error'
            ? 'its standard error has no file of its own'
            : 'the job has no file of its output';
        throw new ApiProblem('ERR_NOT_FOUND', reason);
      }
      const { bytes, from, size } =
        name !== null || flux === null
          ? await ofFile(name ?? '', wanted)
          : await ofFlux(flux, stream === 'error' ? 'stderr' : 'stdout', wanted);
      const rangeIs = (text: string) => ({ 'content-range': `bytes ${text}/${size}` });
      if (from >= size && size > 0) {
        throw new ApiProblem('ERR_RANGE', `the output has ${size} bytes`, { headers: rangeIs('*') });
      }
      const isAll = from === 0 && bytes.length >= size;
      return new Response(new Uint8Array(bytes), {
        status: isAll ? 200 : 206,
        headers: {
          'content-type': 'text/plain; charset=utf-8',
          'accept-ranges': 'bytes',
          ...(isAll ? {} : rangeIs(`${from}-${from + bytes.length - 1}`)),
        },
      });
    },
  }),
];
