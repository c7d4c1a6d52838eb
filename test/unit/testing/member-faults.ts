/** The toy member with small faults. */

import type { Member, MemberHost, MemberSink } from '../../../src/members/member.js';
import { newToyMember as newMember } from '../../support/toy-member.js';

const members: Member[] = [];

/** A toy member, which stopAll() stops. */
export function newToyMember(slots: number): Member {
  const member = newMember(slots);
  members.push(member);
  return member;
}

/** Ends the jobs that members with faults have left. */
export async function stopAll(): Promise<void> {
  await Promise.all(members.splice(0).map((member) => member.stop(0, 'interrupted')));
}

type Answer = ReturnType<MemberSink['records']>;
/** Delivers the text of records, or a changed one. */
export type Change = (text: string, deliver: (text: string) => Answer) => Answer;

/** The toy member with other methods, whose deliveries pass through `change`. */
export function broken(change: Change, overrides: (toy: Member) => Partial<Member> = () => ({})): Member {
  const toy = newToyMember(2);
  const start = (sink: MemberSink, host: MemberHost) => {
    const records: MemberSink['records'] = (lines) =>
      change(Buffer.from(lines).toString(), (text) => sink.records(Buffer.from(text)));
    return toy.start({ ...sink, records }, host);
  };
  const others: Record<PropertyKey, unknown> = { start, ...overrides(toy) };
  return new Proxy(toy, {
    get(_, key) {
      const value = key in others ? others[key] : Reflect.get(toy, key, toy);
      return typeof value === 'function' ? value.bind(toy) : value;
    },
  });
}

const unchanged: Change = (text, deliver) => deliver(text);

/** A member with other methods. */
export const having = (overrides: (toy: Member) => Partial<Member>) => () => broken(unchanged, overrides);

/** A member whose records are changed. Each member has a `change` of its own. */
export const changing = (change: () => Change) => () => broken(change());

/** Replaces a text in all records. */
export const replacing = (pattern: string | RegExp, by: string) =>
  changing(() => (text, deliver) => deliver(text.replaceAll(pattern, by)));

/** Leaves out the first `count` lines that match. */
export const losing = (pattern: RegExp, count = Number.POSITIVE_INFINITY) =>
  changing(() => {
    let lost = 0;
    return (text, deliver) => {
      const isLost = (line: string) => pattern.test(line) && lost++ < count;
      const left = text.split(/(?<=\n)/).filter((line) => !isLost(line));
      return left.length === 0 ? undefined : deliver(left.join(''));
    };
  });

/** Sends lines that match again. */
export const repeating = (pattern: RegExp) =>
  changing(() => (text, deliver) => {
    const lines = text.split(/(?<=\n)/).flatMap((line) => (pattern.test(line) ? [line, line] : [line]));
    return deliver(lines.join(''));
  });

/**
 * A queue that outlives the processes of a run, with a member for each of them. `change` alters the records that the
 * second process gets about the jobs of the first.
 */
export class SharedQueue {
  readonly #change: (text: string) => string;
  readonly #overrides: Partial<Member>;
  readonly #toy = newToyMember(2);
  #records = '';
  #sink: MemberSink | null = null;

  constructor(change: (text: string) => string = (text) => text, overrides: Partial<Member> = {}) {
    this.#change = change;
    this.#overrides = overrides;
  }

  readonly make = ({ process }: { readonly process: number }): Member => {
    const toy = this.#toy;
    const sentinel = '{"id":-1,"events":[]}\n';
    const start = async (sink: MemberSink, host: MemberHost) => {
      this.#sink = sink;
      if (process > 1) {
        sink.records(Buffer.from(sentinel));
        return;
      }
      const records: MemberSink['records'] = (lines) => {
        this.#records += Buffer.from(lines).toString();
        return this.#sink?.records(lines);
      };
      await toy.start({ ...sink, records }, host);
    };
    const reconcile = async () => {
      const jobs = this.#change(this.#records.replace(sentinel, ''));
      if (jobs !== '') this.#sink?.records(Buffer.from(jobs));
      return { lost: false, doubts: [] };
    };
    let isStopped = false;
    const stop: Member['stop'] = async (grace, end) => {
      if (end === 'interrupted' && !isStopped) await toy.stop(grace, end);
      isStopped = true;
      this.#sink = null;
    };
    return {
      ...{ name: 'shared', start, reconcile, stop, facts: { queue: 'a' } },
      submit: (...given) => toy.submit(...given),
      cancel: (...given) => toy.cancel(...given),
      ...this.#overrides,
    };
  };
}
