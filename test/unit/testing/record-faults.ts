/** Faults in the records of a member. */

import { MemberError } from '../../../src/errors.js';
import { type Fault, JOBSPEC, LIFE, SENTINEL, SHORT } from './fault-words.js';
import { changing, having, losing, repeating, replacing } from './member-faults.js';

export const recordFaults: readonly Fault[] = [
  [SENTINEL, 'a missing sentinel', losing(/"id":-1/), 'expected the sentinel ("id":-1)', SHORT],
  [SENTINEL, 'two sentinels', repeating(/"id":-1/), 'a second sentinel'],
  [
    SENTINEL,
    'a job before the sentinel',
    replacing(/^(?=\{"id":-1)/g, '{"id":5,"events":[],"jobspec":{"attributes":{"user":{}}}}\n'),
    'a record of job 5 comes before the sentinel',
  ],
  [LIFE, 'a lost submit event', losing(/"submit"/, 1), 'expected submit events of 3 jobs'],
  [LIFE, 'a lost start event', losing(/"start"/, 1), /job \d+: submit: finish comes without start/],
  [LIFE, 'a lost finish event', losing(/"finish"/, 1), 'clean comes after start without finish'],
  [LIFE, 'a lost clean event', losing(/"clean"/, 1), 'expected clean events of 3 jobs within', SHORT],
  [
    LIFE,
    'an event after clean',
    replacing(/(\{"id":\d+,"events":\[\{[^{]*"name":)"clean".*\n/g, '$&$1"free"}]}\n'),
    'free comes after clean',
  ],
  [LIFE, 'a second start', repeating(/"start"/), 'start comes twice'],
  [LIFE, 'a validate event after start', replacing('"finish"', '"validate"'), 'validate comes after start'],
  [LIFE, 'half a line', replacing(/\n$/g, ''), 'the member delivered half a line'],
  [LIFE, 'a line that is not JSON', replacing('"clean"', 'clean'), 'a line that is not JSON'],
  [LIFE, 'a record without events', replacing('"events"', '"event"'), 'a record without "id" and "events"'],
  [
    LIFE,
    'milliseconds',
    replacing(/"timestamp":(\d+)\./g, '"timestamp":$1000.'),
    'is not the time in seconds since the epoch',
  ],
  [
    LIFE,
    'times that go back',
    changing(
      () => (text, deliver) =>
        deliver(text.replaceAll(/([\d.]+)(?=,"name":"finish")/g, (time) => String(Number(time) - 10))),
    ),
    /the timestamp of finish \([\d.]+\) is before that of start/,
  ],
  [
    LIFE,
    'a finish event without status',
    replacing('"status"', '"code"'),
    'the context of finish has no status',
  ],
  [
    LIFE,
    'a status other than 0',
    replacing('"status":0', '"status":1'),
    'expected a finish event with status 0',
  ],
  [
    LIFE,
    'bytes that change after their delivery',
    having((toy) => ({
      start: (sink, host) => {
        const buffer = Buffer.alloc(100_000);
        const records = (lines: Uint8Array) => {
          buffer.set(lines);
          return sink.records(buffer.subarray(0, lines.length));
        };
        return toy.start({ ...sink, records }, host);
      },
    })),
    'changed bytes after it had delivered them',
  ],
  [
    LIFE,
    'quiet() without portion()',
    having((toy) => ({
      start: async (sink, host) => {
        await toy.start(sink, host);
        sink.quiet();
      },
    })),
    'called quiet()',
  ],
  [
    LIFE,
    'a failed member',
    having((toy) => ({
      start: async (sink, host) => {
        await toy.start(sink, host);
        sink.failed(new MemberError('the queue is gone'));
      },
    })),
    'the member failed: the queue is gone',
  ],
  [
    JOBSPEC,
    'lost parameters',
    replacing('"parameters"', '"parameter"'),
    /attributes.user.parameters of job \d+ to be .*it is missing/,
  ],
  [
    JOBSPEC,
    'the id of another run',
    having((toy) => ({
      start: (sink, host) => toy.start(sink, { ...host, ensemble: 'other' }),
    })),
    'expected submit events of 2 jobs',
  ],
  [JOBSPEC, 'a missing id of the run', replacing('"ensemble"', '"run"'), 'attributes.user.ensemble of job'],
  [JOBSPEC, 'a lost attempt', replacing(/"attempt":\d/g, '"again":1'), 'attributes.user.origin of job'],
  [
    JOBSPEC,
    'a missing jobspec',
    replacing(/,"jobspec":.*\}\n/g, '}\n'),
    'has no jobspec with attributes.user',
  ],
];
