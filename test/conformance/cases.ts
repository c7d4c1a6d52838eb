/** Cases written by hand: rare behaviour of Flux, and input that no correct program sends. */

import {
  aCase,
  backlog,
  type EventSpec,
  exception,
  jobspec,
  line,
  live,
  submitContext,
  untilSched,
  wholeJob,
} from './build-case.js';
import { malformed } from './malformed.js';
import { metricCases } from './metric-cases.js';
import { ruleCases } from './rule-cases.js';
import type { Case } from './run-case.js';

const a = { group: 'a' };
const clean: EventSpec = [20, 'clean'];
const cancel: EventSpec = [11, 'exception', exception('cancel', 0)];
const ran = wholeJob(10);
/** A running job. */
const running = ran.slice(0, 7);

const lives: Readonly<Record<string, readonly EventSpec[]>> = {
  'a plain job': ran,
  'a job that fails': wholeJob(10, 768),
  'a job killed by a signal': wholeJob(10, 9),
  'cancelled before start': [...untilSched(10), cancel, clean],
  'cancelled while held': [...untilSched(10).slice(0, 3), cancel, clean],
  'cancelled while running': [...running, cancel, [12, 'finish', { status: 36608 }], clean],
  'cancelled, yet status 0': [...running, cancel, [12, 'finish', { status: 0 }], clean],
  'exception before alloc': [...untilSched(10), [11, 'exception', exception('alloc', 0)], clean],
  'exception after alloc, never started': [
    ...ran.slice(0, 6),
    [11, 'exception', exception('exec', 0)],
    [11.5, 'release', { ranks: 'all', final: true }],
    [11.6, 'free'],
    clean,
  ],
  'time limit': [
    ...running,
    [12, 'exception', exception('timeout', 0)],
    [13, 'finish', { status: 36352 }],
    clean,
  ],
  'timeout of severity 1 only': [...running, [12, 'exception', exception('timeout', 1)], ...ran.slice(7)],
  'a mild cancel and a failure': [
    ...running,
    [12, 'exception', exception('cancel', 3)],
    [13, 'finish', { status: 256 }],
    clean,
  ],
  'the graver exception wins': [
    ...running,
    [12, 'exception', exception('myfatal', 2)],
    [12, 'exception', exception('timeout', 0)],
    [12, 'exception', exception('cancel', 0)],
    [13, 'finish', { status: 256 }],
    clean,
  ],
  'exception after finish': [...ran.slice(0, 8), cancel, cancel, clean],
  'cleaned without an end': [...running, clean],
  'cleaned after submit': [...untilSched(10).slice(0, 1), clean],
  'finish without start': [...ran.slice(0, 6), ...ran.slice(7)],
  'finish without start and alloc': [...untilSched(10), [12, 'finish', { status: 0 }], clean],
  'start without alloc': [...untilSched(10), ...ran.slice(6)],
  'start without finish': [...running, [12, 'release', { ranks: 'all', final: true }], [13, 'free'], clean],
  'only what an allow filter leaves': [ran[0], ran[6], ran[7], clean] as EventSpec[],
  'no submit': ran.slice(1),
  'submit twice': [...untilSched(10), [11, 'submit', submitContext], ...ran.slice(4)],
  'start twice, finish twice': [...running, [11, 'start'], [12, 'finish', { status: 0 }], ...ran.slice(7)],
  'a failure, then a success': [...running, [12, 'finish', { status: 256 }], ...ran.slice(7)],
  'flux-restart': [
    ...untilSched(10),
    [11, 'flux-restart'],
    [11.5, 'priority', { priority: 16 }],
    ...ran.slice(5).map(([t, ...rest]): EventSpec => [t + 5, ...rest]),
  ],
  'urgency while waiting': [
    ...untilSched(10),
    [11, 'urgency', { userid: 0, urgency: 31 }],
    [11.5, 'priority', { priority: 31 }],
    [11.6, 'jobspec-update', { 'attributes.system.duration': 3 }],
    [11.7, 'priority', { priority: 31 }],
    [11.8, 'priority', { priority: 33 }],
    ...ran.slice(5).map(([t, ...rest]): EventSpec => [t + 5, ...rest]),
  ],
  'urgency while held and while running': [
    ...untilSched(10).slice(0, 3),
    [10.25, 'urgency', { userid: 0, urgency: 0 }],
    ...ran.slice(3, 7),
    [11, 'urgency', { userid: 0, urgency: 0 }],
    ...ran.slice(7),
  ],
  'dependencies before validate': [
    [10, 'submit', submitContext],
    [10.05, 'dependency-add', { description: 'after-ok=ƒ1' }],
    [10.1, 'validate'],
    [10.2, 'dependency-remove', { description: 'after-ok=ƒ1' }],
    ...ran.slice(2),
  ],
  'depend and priority without what belongs before': [
    [10, 'submit', submitContext],
    [10.2, 'priority', { priority: 16 }],
    ...ran.slice(5),
  ],
  invalidated: [
    [10, 'submit', submitContext],
    [10.1, 'invalidate'],
  ],
  'invalidated while running': [...running, [12, 'invalidate'], ...ran.slice(7)],
  'a clock set back before start': [...ran.slice(0, 6), [9, 'start'], [12, 'finish', { status: 0 }], clean],
  'a clock set back before finish': [...running, [1, 'finish', { status: 0 }], clean],
  'no time between': [
    [10, 'submit', submitContext],
    [10, 'start'],
    [10, 'finish', { status: 0 }],
    [10, 'clean'],
  ],
  'everything after clean': [...ran, ...ran],
  'events of every odd kind': [
    ...running,
    [11, 'debug.alloc-request'],
    [11, 'debug.'],
    [11, 'debugger'],
    [11, 'memo', { key: 'välue 🌊 \u2028 \u0001', gone: null }],
    [11, 'Start'],
    [11, 'start '],
    [11, 'prolog-start', { description: 'x' }],
    [11, 'epilog-start', { description: 'x' }],
    [11, 'set-flags', { flags: ['debug'] }],
    [11, 'resource-update', { expiration: 99 }],
    ...ran.slice(7),
  ],
};

const big = 2n ** 53n;
const biggest = 2n ** 64n - 1n;
const groups: Readonly<Record<string, unknown>> = {
  number: 42,
  null: null,
  object: { a: 1 },
  array: ['a'],
  empty: '',
  boolean: true,
  unlisted: 'nobody',
  'a longer one': 'a ',
};

const inOdd: Record<string, Case> = {
  'no records at all': aCase(''),
  'the sentinel': aCase(line('-1', [])),
  'events of unknown jobs': aCase(ran.map((event) => line(5n, [event])).join('')),
  'the jobspec comes late': aCase(
    line(5n, [ran[0] as EventSpec]) + line(5n, [ran[1] as EventSpec], jobspec(a)) + live(5n, a, ran.slice(2)),
  ),
  'a jobspec with every record': aCase(ran.map((event) => line(5n, [event], jobspec(a))).join('')),
  'a jobspec that changes the group': aCase(
    live(5n, a, ran.slice(0, 3)) + live(5n, { group: 'b' }, ran.slice(3)),
  ),
  'a foreign job that becomes ours': aCase(
    live(5n, { group: 'c' }, ran.slice(0, 3)) + live(5n, a, ran.slice(3)),
  ),
  'the same id again after its clean': aCase(live(5n, a, ran) + live(5n, { group: 'b' }, wholeJob(40, 256))),
  'a record without events': aCase(line(5n, [], jobspec(a)) + live(6n, a, ran.slice(0, 2))),
  'a record without events, later events': aCase(
    line(5n, [], jobspec(a)) + ran.map((e) => line(5n, [e])).join(''),
  ),
  'ids above 2^53': aCase(
    live(big, a, ran) +
      live(big + 1n, a, running) +
      live(big + 2n, { group: 'b' }, running) +
      live(biggest - 1n, a, running) +
      live(biggest, a, running) +
      line(big + 1n, [[30, 'finish', { status: 256 }]]) +
      line(2n ** 63n, running, jobspec(a)) +
      line(2n ** 63n - 1n, running, jobspec(a)),
  ),
  'id 0': aCase(live(0n, a, ran)),
  'out of time order': aCase(
    live(1n, a, wholeJob(100)) + live(2n, a, wholeJob(50)) + live(3n, a, wholeJob(75.5, 1)) + line('-1', []),
  ),
  'records without a last newline': aCase(live(1n, a, ran).trimEnd(), {}, [{ do: 'finishStream' }]),
  'a torn last record': aCase(live(1n, a, ran).trimEnd().slice(0, -3), {}, [{ do: 'finishStream' }]),
  'a stream that goes on': aCase(live(1n, a, ran).trimEnd().slice(0, -3), {}, [
    { do: 'ingest', text: live(1n, a, ran).trimEnd().slice(-3) },
    { do: 'finishStream' },
    { do: 'ingest', text: live(2n, a, ran) },
  ]),
  'blank lines and other line ends': aCase(`\n\r\n  \n${live(1n, a, ran).replaceAll('\n', '\r\n')}\n\n`),
  'spaces and unknown keys': aCase(
    live(1n, a, ran).replaceAll(':', ' : ').replaceAll('{"id"', ' \t{ "x" : {"id":[9]}, "y":[[],{}] ,"id"'),
  ),
  'a jobspec of 1 MB': aCase(
    `${line(1n, running, { ...jobspec(a), big: 'x"\\'.repeat(300_000) })}${line(1n, ran.slice(7))}`,
  ),
};

const others: Record<string, Case> = {
  'two ensembles share the queue': aCase(
    live(1n, { group: 'a', ensemble: 'mine' }, ran) +
      live(2n, { group: 'a', ensemble: 'theirs' }, ran) +
      live(3n, a, running) +
      live(4n, { ensemble: 'mine' }, running) +
      live(5n, { group: 'a', ensemble: null }, running) +
      live(6n, { group: 'a', ensemble: 7 }, running) +
      live(7n, { group: 'a', ensemble: '' }, running),
    { ensemble: 'mine' },
  ),
  'jobs of any ensemble': aCase(
    live(2n, { group: 'a', ensemble: 'theirs' }, ran) +
      live(5n, { group: 'a', ensemble: null }, running) +
      live(6n, { group: 'b', ensemble: { deep: 1 } }, running),
  ),
  'group names that are unicode, and look alike': aCase(
    ['ünï', 'u\u0308n', '名前 🌊', 'gr"oup\\/', 'tab\t\u0001', 'a-b.c-duration', '__proto__']
      .map((group, i) => live(BigInt(i + 1), { group }, ran))
      .join(''),
    {
      groups: ['ünï', 'ün', '名前 🌊', 'gr"oup\\/', 'tab\t\u0001', 'a-b.c-duration', '__proto__'],
      rules: [],
    },
  ),
  'escapes in a group name': aCase(live(1n, { group: 'é🌊' }, ran).replace('é🌊', '\\u00e9\\ud83c\\udf0a'), {
    groups: ['é🌊'],
    rules: [],
  }),
  'every group is taken in': aCase(
    live(1n, { group: 'new' }, ran) + live(2n, { group: 'b' }, ran) + live(3n, { group: 'zoo' }, running),
    { trackAll: true },
  ),
  'odd jobspecs': aCase(
    [
      null,
      'a',
      7,
      [],
      {},
      { attributes: null },
      { attributes: { user: null } },
      { attributes: { user: 'a' } },
    ]
      .map((spec, i) => line(BigInt(i + 1), ran, spec))
      .join(''),
    { trackAll: true },
  ),
};

export const cases: Readonly<Record<string, Case>> = {
  ...Object.fromEntries(Object.entries(lives).map(([name, events]) => [name, aCase(live(7n, a, events))])),
  ...Object.fromEntries(
    Object.entries(lives).map(([name, events]) => [`${name}, as a backlog`, aCase(backlog(7n, a, events))]),
  ),
  ...inOdd,
  ...others,
  ...Object.fromEntries(
    Object.entries(groups).map(([name, group]) => [`group: ${name}`, aCase(live(7n, { group }, ran))]),
  ),
  ...Object.fromEntries(
    Object.entries(malformed).map(([name, text]) => [
      `malformed: ${name}`,
      aCase(`${live(5n, a, running)}${text}\n${line(5n, ran.slice(7))}`),
    ]),
  ),
  ...ruleCases,
  ...metricCases,
};
