/** JSON lines: one object a line. Numbers keep their texts. Empty lines are skipped. */

import { type Given, given, largeInteger } from '../model/written.js';
import { describeValue } from '../text/describe.js';
import { MAX_ROW } from './csv.js';

export interface JsonRow {
  /** The line of the file, counted from 1. */
  readonly line: number;
  readonly values: ReadonlyMap<string, unknown>;
}

/** An invalid line. */
export class JsonLineError extends Error {
  readonly line: number;

  constructor(line: number, message: string) {
    super(message);
    this.line = line;
  }
}

/** The key of an object that stands for a number with its text. */
const NUMBER = '\0number';
const TEXT_OR_NUMBER = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?/g;
/** Matches a number whose text `String` may not give back, and texts that look like one. */
const MAY_DIFFER = /\d[.eE]|\d{16}/;

/** Yields the rows of a text that comes in pieces. Throws JsonLineError; the next line can be taken after it. */
export function* jsonRows(
  chunks: Iterable<string>,
  fault: (error: JsonLineError) => void,
): Generator<JsonRow, void, void> {
  let line = 0;
  for (const text of linesOf(chunks)) {
    line++;
    if (text.length > MAX_ROW) {
      fault(new JsonLineError(line, `the line is longer than ${MAX_ROW} characters`));
      return;
    }
    if (text.trim() === '') continue;
    try {
      yield { line, values: new Map(Object.entries(objectIn(text))) };
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      fault(new JsonLineError(line, error.message));
    }
  }
}

function* linesOf(chunks: Iterable<string>): Generator<string, void, void> {
  let rest = '';
  for (const chunk of chunks) {
    let at = 0;
    for (let feed = chunk.indexOf('\n'); feed >= 0; feed = chunk.indexOf('\n', at)) {
      yield rest + chunk.slice(at, feed);
      rest = '';
      at = feed + 1;
    }
    rest += chunk.slice(at);
    // The caller refuses it.
    if (rest.length > MAX_ROW) break;
  }
  if (rest !== '') yield rest;
}

/** The object of a line, whose numbers are `Given`. Throws SyntaxError. */
function objectIn(text: string): Readonly<Record<string, unknown>> {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new SyntaxError(`a line must be an object like {"x": 1}; found ${describeValue(value)}`);
  }
  if (!MAY_DIFFER.test(text)) return value as Readonly<Record<string, unknown>>;
  const marked = text.replace(TEXT_OR_NUMBER, (found) =>
    found.startsWith('"') ? found : JSON.stringify({ [NUMBER]: found }),
  );
  return JSON.parse(marked, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && Object.hasOwn(inner, NUMBER)
      ? numberOf(Reflect.get(inner, NUMBER) as string)
      : inner,
  ) as Readonly<Record<string, unknown>>;
}

/** A number with its text; an integer that it would round is only its text. */
export function numberOf(text: string): Given {
  const value = Number(text);
  return largeInteger(value, text) === null ? given(value, text) : text;
}
