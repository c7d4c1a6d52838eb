/**
 * The short notation of tests: events of jobs (`fail lammps 2 exit 3`), outcomes (`signal 9`), and due actions
 * (`submit lammps by count.sleep.success`). Blanks separate words; a name with blanks is quoted.
 */

import { constants } from 'node:os';
import type { JobSelection, Outcome, ScriptEvent } from '../model/test.js';
import { type Given, given, largeInteger, type Row } from '../model/written.js';
import { quote } from '../text/describe.js';
import { attempt, FaultError, type Result } from '../text/result.js';
import { choices, didYouMean, thereAre } from '../text/suggest.js';

/** An expected firing. */
export interface FiringText {
  readonly action: string;
  readonly label: string | null;
  /** The state that it leads to. */
  readonly goto: string | null;
  readonly by: string | null;
}

/** Maximum number of jobs in one line; a larger number is a typing error. */
const MAX_JOBS = 100_000;
const MAX_SEVERITY = 7;

/** Events of a job that do not change its state. */
const PLAIN_EVENTS = [
  'annotations',
  'memo',
  'set-flags',
  'resource-update',
  'dependency-add',
  'dependency-remove',
  'prolog-start',
  'prolog-finish',
  'epilog-start',
  'epilog-finish',
] as const;

const VERBS = ['submit', 'start', 'finish', 'fail', 'cancel', 'timeout', 'exception', 'heartbeat'] as const;
const OUTCOMES = ['success', 'fail', 'exit', 'signal', 'timeout', 'cancel', 'exception', 'none'] as const;

/** An event, and the jobs and group that it concerns. */
export function parseScriptEvent(text: string): Result<ScriptEvent> {
  return parse(text, (words) => {
    const verb = words.next(`an event: ${choices(VERBS)}`);
    if (verb.text === 'heartbeat') return { kind: 'heartbeat' };
    const plain = PLAIN_EVENTS.some((name) => name === verb.text);
    if (!plain && !VERBS.some((name) => name === verb.text)) {
      const hint = didYouMean(verb.text, [...VERBS, ...PLAIN_EVENTS]) || thereAre(VERBS);
      throw new FaultError(verb.at, `unknown event ${quote(verb.text)}${hint}`);
    }
    const group = words.next(`the job group after ${quote(verb.text)}`).text;
    if (verb.text === 'submit') {
      const count = words.peek()?.text.startsWith('x') ? countIn(words.next('')) : 1;
      const held = words.takes('held');
      const parameters = words.takes('with') ? parametersIn(words) : {};
      return { kind: 'submit', group, count, held, parameters };
    }
    const jobs = selectionIn(words.next('which jobs: 2, 1..3, x3 (the three oldest) or all'));
    switch (verb.text) {
      case 'start':
        return { kind: 'start', group, jobs };
      case 'finish':
        return { kind: 'end', group, jobs, outcome: { kind: 'exit', code: 0 } };
      case 'fail':
        return { kind: 'end', group, jobs, outcome: failureIn(words) };
      case 'cancel':
      case 'timeout':
        return { kind: 'end', group, jobs, outcome: { kind: 'exception', type: verb.text } };
      case 'exception': {
        const type = words.next('the type of the exception, like oom').text;
        const severity = words.takes('severity') ? integerIn(words, 'a severity', 0, MAX_SEVERITY) : 0;
        if (severity > 0) return { kind: 'exception', group, jobs, type, severity };
        return { kind: 'end', group, jobs, outcome: { kind: 'exception', type } };
      }
      default:
        return { kind: 'event', group, jobs, name: verb.text };
    }
  });
}

/** The outcome of a job. */
export function parseOutcome(text: string): Result<Outcome> {
  return parse(text, (words) => {
    const first = words.next(`an outcome: ${choices(OUTCOMES)}`);
    switch (first.text) {
      case 'success':
        return { kind: 'exit', code: 0 };
      case 'none':
        return { kind: 'none' };
      case 'fail':
        return failureIn(words);
      case 'exit':
        return { kind: 'exit', code: integerIn(words, 'an exit code', 0, 255) };
      case 'signal':
        return { kind: 'signal', number: signalIn(words) };
      case 'timeout':
      case 'cancel':
        return { kind: 'exception', type: first.text };
      case 'exception':
        return { kind: 'exception', type: words.next('the type of the exception, like oom').text };
      default: {
        const hint = didYouMean(first.text, OUTCOMES) || thereAre(OUTCOMES);
        throw new FaultError(first.at, `unknown outcome ${quote(first.text)}${hint}`);
      }
    }
  });
}

/** A due action: its name, its label, and after `by` the rule. */
export function parseFiring(text: string): Result<FiringText> {
  return parse(text, (words) => {
    const action = words.next('an action, like submit lammps').text;
    const goes = action === 'goto';
    const hasLabel = !goes && words.peek() !== undefined && !words.isNext('by') && !words.isNext('goto');
    const label = hasLabel ? words.next('').text : null;
    const goto = goes || words.takes('goto') ? words.next('the state after goto').text : null;
    const by = words.takes('by') ? words.rest('the rule after by: its name, or rules[2]') : null;
    return { action, label, goto, by };
  });
}

interface Word {
  readonly at: number;
  readonly text: string;
  readonly quoted: boolean;
}

function parse<T>(text: string, read: (words: Words) => T): Result<T> {
  return attempt(() => {
    const words = new Words(text);
    const value = read(words);
    words.end();
    return value;
  });
}

class Words {
  readonly #words: Word[] = [];
  readonly #text: string;
  #next = 0;

  constructor(text: string) {
    this.#text = text;
    for (const match of text.matchAll(/"([^"]*)"|'([^']*)'|(["'])|\S+/g)) {
      const [all, double, single, open] = match;
      if (open !== undefined)
        throw new FaultError(match.index, `the name that begins here has no closing ${open}`);
      const quoted = double ?? single;
      this.#words.push({ at: match.index, text: quoted ?? all, quoted: quoted !== undefined });
    }
  }

  peek(): Word | undefined {
    return this.#words[this.#next];
  }

  isNext(word: string): boolean {
    const next = this.peek();
    return next !== undefined && !next.quoted && next.text === word;
  }

  /** The next word; `what` is the expected part for the message. */
  next(what: string): Word {
    const word = this.peek();
    if (word === undefined) throw new FaultError(this.#text.trimEnd().length, `expected ${what} here`);
    this.#next++;
    return word;
  }

  /** Takes the next word if it is this one. */
  takes(word: string): boolean {
    if (!this.isNext(word)) return false;
    this.#next++;
    return true;
  }

  /** The rest of the line, as it is written. */
  rest(what: string): string {
    const first = this.next(what);
    const only = this.peek() === undefined;
    this.#next = this.#words.length;
    return only ? first.text : this.#text.slice(first.at).trimEnd();
  }

  end(): void {
    const word = this.peek();
    if (word !== undefined)
      throw new FaultError(word.at, `nothing is expected here; found ${quote(word.text)}`);
  }
}

/** `exit 3`, `signal 9`, or nothing, which is exit 1. */
function failureIn(words: Words): Exclude<Outcome, { kind: 'none' }> {
  if (words.takes('signal')) return { kind: 'signal', number: signalIn(words) };
  if (words.takes('exit')) return { kind: 'exit', code: integerIn(words, 'an exit code', 1, 255) };
  return { kind: 'exit', code: 1 };
}

/** A signal's number or name: `9`, `KILL`, `SIGKILL`. */
function signalIn(words: Words): number {
  const { at, text } = words.next('a signal, like 9 or KILL');
  const signals = Object.entries(constants.signals);
  const named = signals.find(([name]) => name === text || name === `SIG${text}`)?.[1];
  const number = named ?? (/^\d{1,2}$/.test(text) ? Number(text) : 0);
  if (number >= 1 && number <= 64) return number;
  throw new FaultError(
    at,
    `${quote(text)} is not a signal; write its number, 1 to 64, or its name, like KILL`,
  );
}

function integerIn(words: Words, what: string, least: number, most: number): number {
  const { at, text } = words.next(`${what}, from ${least} to ${most}`);
  const number = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (number >= least && number <= most) return number;
  throw new FaultError(at, `${what} is an integer from ${least} to ${most}; found ${quote(text)}`);
}

/** `temperature=300 model=eam`, to the end of the line. */
function parametersIn(words: Words): Row {
  const parameters: [string, Given][] = [];
  do {
    const { at, text } = words.next('a parameter, like temperature=300');
    const [, name, value] = /^([^=\s]+)=(.+)$/s.exec(text) ?? [];
    if (name === undefined || value === undefined) {
      throw new FaultError(
        at,
        `a parameter is a name, = and a value, like temperature=300; found ${quote(text)}`,
      );
    }
    parameters.push([name, scalarIn(value)]);
  } while (words.peek() !== undefined);
  return Object.fromEntries(parameters);
}

/** A number, true or false for a text in that form, as in YAML. */
function scalarIn(text: string): Given {
  if (text === 'true' || text === 'false') return text === 'true';
  if (!/^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(text)) return text;
  return largeInteger(Number(text), text) === null ? given(Number(text), text) : text;
}

/** `x5`. */
function countIn({ at, text }: Word): number {
  const count = /^x\d{1,9}$/.test(text) ? Number(text.slice(1)) : 0;
  if (count >= 1 && count <= MAX_JOBS) return count;
  throw new FaultError(at, `how many is x and a number from 1 to ${MAX_JOBS}, like x5; found ${quote(text)}`);
}

/** `2`, `1..3`, `1,4..6`, `x3` or `all`. */
function selectionIn(word: Word): JobSelection {
  const { at, text } = word;
  if (text === 'all') return { kind: 'all' };
  if (text.startsWith('x')) return { kind: 'oldest', count: countIn(word) };
  let offset = at;
  const ranges = text.split(',').map((part) => {
    const here = offset;
    offset += part.length + 1;
    const match = /^(\d{1,9})(?:\.\.(\d{1,9}))?$/.exec(part);
    if (match === null) {
      throw new FaultError(
        here,
        `jobs are 2, 1..3, 1,4..6, x3 (the three oldest) or all; found ${quote(part)}`,
      );
    }
    const first = Number(match[1]);
    const last = Number(match[2] ?? first);
    if (first < 1) throw new FaultError(here, 'jobs are counted from 1');
    if (last < first) throw new FaultError(here, `a range goes up: write ${last}..${first}`);
    if (last - first >= MAX_JOBS) throw new FaultError(here, `a line can refer to ${MAX_JOBS} jobs at most`);
    return [first, last] as const;
  });
  return { kind: 'numbers', ranges };
}
