/** Makes one number of those that a source has for a job. Memory does not grow with their count. */

import { readMeasuredNumber } from '../language/measured-number.js';
import type { Finding, Take } from '../model/measure.js';
import { quote } from '../text/describe.js';

/** Characters of a line that are shown. */
const MAX_TEXT = 200;

/** The place of a number in its file. */
interface Place {
  readonly line: number | null;
  /** The line, or another text that shows the number. */
  readonly text: string | null;
}

const NOWHERE: Place = { line: null, text: null };

/** Where a number is, in words: ` on line 3`. */
const onLine = ({ line }: Place) => (line === null ? '' : ` on line ${line}`);

export class Taken {
  readonly #take: Take;
  #count = 0;
  #value = Number.NaN;
  #place: Place = NOWHERE;
  /** The first text that spoils the result. */
  #fault: { readonly words: string; readonly place: Place } | null = null;
  /** Neumaier's sum: `#value` and what rounding has lost of it. */
  #lost = 0;

  constructor(take: Take) {
    this.#take = take;
  }

  /** The numbers that were added. */
  get count(): number {
    return this.#count;
  }

  /** Adds a value of the file: a number, or its text. `text` is the line where it is. */
  add(given: unknown, line: number | null, text: string | null): void {
    this.#count++;
    const take = this.#take;
    if (take === 'count' || (take === 'first' && this.#count > 1)) return;
    const place = { line, text };
    const number = typeof given === 'string' ? readMeasuredNumber(given) : given;
    // Only the one that is taken has to be a number.
    if (take === 'last') this.#fault = null;
    if (typeof number !== 'number' || !Number.isFinite(number)) {
      this.#fault ??= { words: faultOf(given, number), place };
      return;
    }
    if (take === 'mean' || take === 'sum') {
      this.#add(number);
    } else if (this.#count === 1 || take === 'last' || this.#isBetter(number)) {
      this.#value = number;
      this.#place = place;
    }
  }

  #isBetter(number: number): boolean {
    return Number.isNaN(this.#value) || (this.#take === 'min' ? number < this.#value : number > this.#value);
  }

  #add(number: number): void {
    const before = Number.isNaN(this.#value) ? 0 : this.#value;
    const sum = before + number;
    this.#lost += Math.abs(before) >= Math.abs(number) ? before - sum + number : number - sum + before;
    this.#value = sum;
  }

  /** Returns the result under a name. `nothing` is the reason where no value was added. */
  result(name: string, file: string | null, nothing: string): Finding {
    const take = this.#take;
    if (take === 'count') return { name, value: this.#count, file, line: null, text: null };
    if (this.#count === 0) return { name, value: null, reason: nothing };
    const reason = this.#fault;
    if (reason !== null) {
      const where = file === null ? '' : `${onLine(reason.place)} of ${file}`;
      return { name, value: null, reason: `${reason.words}${where}` };
    }
    const sum = this.#value + this.#lost;
    const value = take === 'sum' ? sum : take === 'mean' ? sum / this.#count : this.#value;
    if (!Number.isFinite(value)) return { name, value: null, reason: `the ${take} is ${value}` };
    const { line, text } = this.#place;
    return { name, value, file, line, text: text === null ? null : text.trim().slice(0, MAX_TEXT) };
  }
}

function faultOf(given: unknown, number: unknown): string {
  if (typeof given === 'string') {
    return typeof number === 'number'
      ? `${quote(given.trim())} is not a finite number`
      : `${quote(given)} is not a number`;
  }
  const shown = JSON.stringify(given) ?? String(given);
  return `${quote(shown)} is not a ${typeof given === 'number' ? 'finite ' : ''}number`;
}
