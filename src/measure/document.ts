/** A file of a job, or the text of its output that Flux keeps. Read in pieces, so that its size does not matter. */

import { closeSync, constants, existsSync, fstatSync, opendirSync, openSync, readSync } from 'node:fs';
import { dirname } from 'node:path';
import { TextLines } from '../usercode/text-lines.js';

/** Bytes that are read at once. */
const PIECE = 1 << 18;
/** Bytes of the end of a file whose last lines are shown, and those lines. */
const TAIL = 4096;
const TAIL_LINES = 3;
const MAX_TAIL_LINE = 200;

/** Text of a job. `name` is the file in messages. */
export type Document =
  /** `isEmptyWithout`: the file exists only where something was written. */
  | { readonly kind: 'file'; readonly name: string; readonly path: string; readonly isEmptyWithout: boolean }
  | { readonly kind: 'text'; readonly name: string; readonly text: string }
  /** The text is missing; `reason` begins with its subject. */
  | { readonly kind: 'none'; readonly name: string; readonly reason: string };

/** The reason why a document can't be read. It begins with its subject. */
export class Unreadable extends Error {}

function reasonOf(path: string, { code, message }: NodeJS.ErrnoException): string {
  return code === 'ENOENT' ? `the file ${path} does not exist` : `the file ${path} can't be read: ${message}`;
}

/** Opens a regular file. Throws Unreadable. */
function openFile(path: string): number {
  let file: number;
  try {
    // Opening a FIFO must not block.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw new Unreadable(reasonOf(path, error as NodeJS.ErrnoException));
  }
  if (fstatSync(file).isFile()) return file;
  closeSync(file);
  throw new Unreadable(`${path} is not a regular file`);
}

/**
 * Returns a text that changes when the file does; empty for one that can't be read. A client of a network file system looks
 * at the folder again when it is opened.
 */
export function stampOf(document: Document): string {
  if (document.kind !== 'file') return document.kind;
  try {
    opendirSync(dirname(document.path)).closeSync();
    const file = openFile(document.path);
    try {
      const { ino, size, mtimeMs } = fstatSync(file);
      return `${ino} ${size} ${mtimeMs}`;
    } finally {
      closeSync(file);
    }
  } catch {
    return '';
  }
}

/** Yields the bytes of a document. Throws Unreadable. The buffer is used again for the next piece. */
export function* piecesOf(document: Document): Generator<Buffer, void, void> {
  if (document.kind === 'none') throw new Unreadable(document.reason);
  if (document.kind === 'text') {
    yield Buffer.from(document.text);
    return;
  }
  if (document.isEmptyWithout && !existsSync(document.path)) return;
  const file = openFile(document.path);
  const buffer = Buffer.allocUnsafe(PIECE);
  try {
    for (;;) {
      const length = readSync(file, buffer, 0, PIECE, null);
      if (length === 0) return;
      yield buffer.subarray(0, length);
    }
  } catch (error) {
    throw new Unreadable(reasonOf(document.path, error as NodeJS.ErrnoException));
  } finally {
    closeSync(file);
  }
}

/** Without the mark of the byte order. */
const withoutMark = (text: string) => (text.startsWith('\ufeff') ? text.slice(1) : text);

/** Calls `each` with every line and its number, from 1. Returns their number. Throws Unreadable. */
export function forEachLine(document: Document, each: (line: string, number: number) => void): number {
  let number = 0;
  const lines = new TextLines((line) => {
    number++;
    each(number === 1 ? withoutMark(line) : line, number);
  });
  for (const piece of piecesOf(document)) lines.push(piece);
  lines.end();
  return number;
}

/** Returns the text of a document of at most `most` bytes. Throws Unreadable. */
export function textOf(document: Document, most: number): string {
  const pieces: Buffer[] = [];
  let size = 0;
  for (const piece of piecesOf(document)) {
    size += piece.length;
    if (size > most) throw new Unreadable(`${document.name} exceeds ${most >> 20} MiB`);
    pieces.push(Buffer.from(piece));
  }
  return withoutMark(Buffer.concat(pieces).toString('utf8'));
}

/** Returns the last lines that are not blank; none of a document that can't be read. */
export function tailOf(document: Document): string[] {
  const text = lastText(document);
  const lines = text.replaceAll('\0', ' ').split(/[\n\r]+/);
  return lines
    .map((line) => line.trim().slice(0, MAX_TAIL_LINE))
    .filter((line) => line !== '')
    .slice(-TAIL_LINES);
}

function lastText(document: Document): string {
  if (document.kind === 'text') return document.text.slice(-TAIL);
  if (document.kind === 'none') return '';
  try {
    const file = openFile(document.path);
    try {
      const start = Math.max(0, fstatSync(file).size - TAIL);
      const buffer = Buffer.alloc(TAIL);
      return buffer.toString('utf8', 0, readSync(file, buffer, 0, TAIL, start));
    } finally {
      closeSync(file);
    }
  } catch {
    return '';
  }
}
