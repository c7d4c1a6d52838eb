/** The output of a job, piece by piece. */

import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { ApiProblem } from '../problem.js';
import { route } from '../route.js';
import { jobPath, outputQuery } from '../schemas/job.js';
import { findJob } from './jobs.js';

/** Maximum bytes of one answer. */
const MOST = 1_048_576;

interface Piece {
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
}

/** The piece of a file that a header asks for (RFC 9110, 14.2); null for a header that is ignored. */
export function readRange(header: string, size: number): Piece | null {
  const [, first = '', last = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header) ?? [];
  if (first === '' && last === '') return null;
  if (first === '') return { from: Math.max(0, size - Math.min(Number(last), MOST)), to: size };
  const from = Number(first);
  const to = last === '' ? size : Math.min(Number(last) + 1, size);
  return to <= from && last !== '' && Number(last) < from ? null : { from, to: Math.min(to, from + MOST) };
}

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

export const output = [
  route({
    method: 'get',
    url: '/ensembles/{ensemble}/jobs/{job}/output',
    operation: 'getOutput',
    summary:
      'The output of a job, at most 1 MiB: from its beginning, its last bytes with `tail`, or a piece with the header ' +
      'Range. Content-Range has the size of the file.',
    path: jobPath,
    query: outputQuery,
    answer: null,
    types: ['text/plain'],
    handle: async ({ path, query: { stream, tail }, headers }, services) => {
      const found = await findJob(path, services);
      const name = found[stream];
      if (name === null) {
        const reason =
          stream === 'error'
            ? 'its standard error has no file of its own'
            : 'the job has no file of its output';
        throw new ApiProblem('ERR_NOT_FOUND', found.elsewhere ?? reason);
      }
      const { file, size } = await openFile(name);
      try {
        const asked = readRange(headers.get('range') ?? '', size);
        const of = (piece: Piece | null) =>
          `bytes ${piece === null ? '*' : `${piece.from}-${piece.to - 1}`}/${size}`;
        if (asked !== null && asked.from >= size && size > 0) {
          throw new ApiProblem('ERR_RANGE', `the file has ${size} bytes`, {
            headers: { 'content-range': of(null) },
          });
        }
        const whole = { from: tail === undefined ? 0 : Math.max(0, size - tail), to: size };
        const { from, to } = asked ?? { from: whole.from, to: Math.min(whole.to, whole.from + MOST) };
        const piece = await readPiece(file, { from, to: Math.max(from, to) });
        const isAll = from === 0 && piece.length >= size;
        return new Response(new Uint8Array(piece), {
          status: isAll ? 200 : 206,
          headers: {
            'content-type': 'text/plain; charset=utf-8',
            'accept-ranges': 'bytes',
            ...(isAll ? {} : { 'content-range': of({ from, to: from + piece.length }) }),
          },
        });
      } finally {
        await file.close();
      }
    },
  }),
];
