/** Every native method with arguments that it can't have wanted: says how many calls threw what. */

import { loadAddon, type NativeEngine } from '../../../src/engine/addon.js';
import { journal, plan, say, sleep } from './common.js';

const { Engine, Summary } = loadAddon();
const trap = new Proxy(
  {},
  {
    get: () => {
      throw new TypeError('a trap');
    },
  },
);
const getter = {
  get groups() {
    throw new TypeError('a trap');
  },
};
const detached = new Uint8Array(structuredClone(new ArrayBuffer(8)));
structuredClone(detached.buffer, { transfer: [detached.buffer] });
const huge = { length: 2 ** 32 };
const values: readonly unknown[] = [
  undefined,
  null,
  true,
  0,
  -1,
  1.5,
  2 ** 53,
  2 ** 60,
  1e300,
  -0,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  7n,
  -(2n ** 70n),
  '',
  'text',
  '\ud800',
  Symbol('s'),
  () => {},
  {},
  [],
  [1, 'a', null],
  huge,
  new Date(0),
  /x/,
  new Map(),
  new ArrayBuffer(8),
  new SharedArrayBuffer(8),
  new Uint8Array(0),
  new Uint8Array(3),
  new Uint16Array(3),
  new Float64Array(2),
  Float64Array.of(1, Number.NaN),
  new DataView(new ArrayBuffer(8)),
  detached,
  new Uint8Array(new SharedArrayBuffer(8)),
  Buffer.from('{"id":'),
  trap,
  getter,
  Object.create(null),
];
const methods = [
  'start',
  'ingest',
  'finishStream',
  'tick',
  'advance',
  'addRule',
  'goTo',
  'supplyTimes',
  'end',
  'status',
  'snapshot',
  'activeJobs',
  'take',
  'takeEvents',
  'gatherEvents',
  'hold',
  'close',
] as const;
type Call = (...args: unknown[]) => unknown;

const thrown: Record<string, number> = {};
let calls = 0;
function attempt(name: string, call: () => unknown): void {
  calls++;
  try {
    call();
  } catch (error) {
    const { code } = error as { code?: unknown };
    const kind =
      error instanceof TypeError
        ? 'TypeError'
        : error instanceof RangeError
          ? 'RangeError'
          : String(code ?? error);
    const key = `${name} ${kind}`;
    thrown[key] = (thrown[key] ?? 0) + 1;
  }
}

const argumentsFor = function* (): Generator<unknown[]> {
  yield [];
  for (const a of values) {
    yield [a];
    // The third is for addRule: no metrics.
    for (const b of values) yield [a, b, []];
  }
};

function tryAll(name: string, engine: NativeEngine, self: unknown = engine): void {
  const method = engine[name as 'close'] as Call;
  for (const args of argumentsFor()) attempt(name, () => method.apply(self, args));
}

const part = process.argv[2];
if (part === 'constructors') {
  for (const args of argumentsFor()) {
    attempt('Engine', () => (Reflect.construct(Engine, args) as NativeEngine).close());
    attempt('Summary', () => Reflect.construct(Summary, args));
    attempt('call', () => (Engine as unknown as Call)(...args));
  }
} else if (part === 'plans') {
  // A plan with each property of it, and of a rule in it, replaced by each of the values.
  const metric = {
    name: '',
    group: 0,
    fact: null,
    count: null,
    statistic: 'mean',
    variable: 'pending',
    probe: null,
    quantile: 0,
    window: 0,
    fromZero: false,
    bound: null,
    split: null,
  } as const;
  const count = { ...metric, count: 'finished', statistic: null, variable: null } as const;
  const probed = { ...metric, variable: 'duration', probe: 0 } as const;
  const good = plan({ metrics: [metric, count, probed], probes: [['x']] });
  const compared = [
    { op: 'metric', value: 0 },
    { op: 'number', value: 1 },
    { op: '<', value: null },
  ];
  const rules = [{ ...good.rules[0] }, { ...good.rules[0], trigger: 'metric', event: null, when: compared }];
  for (const value of values) {
    for (const key of Object.keys(good))
      attempt(`plan.${key}`, () =>
        new Engine({ ...good, [key]: value } as never, () => {}, null, false).close(),
      );
    attempt('rule', () => new Engine({ ...good, rules: [value] } as never, () => {}, null, false).close());
    for (const one of [metric, count, probed]) {
      for (const key of Object.keys(one)) {
        const metrics = [{ ...one, [key]: value }];
        attempt(`metric.${key}`, () =>
          new Engine({ ...good, metrics } as never, () => {}, null, false).close(),
        );
      }
    }
    for (const rule of rules) {
      for (const key of Object.keys(rule)) {
        attempt(`rule.${key}`, () =>
          new Engine({ ...good, rules: [{ ...rule, [key]: value }] } as never, () => {}, null, false).close(),
        );
      }
    }
    // Invalid values inside the parts of a rule.
    const timing = { for: 1, cooldown: 1, interval: 1 };
    const states = { in: [0], goto: 0, enter: 0 };
    const withPart = (part: object) =>
      new Engine(
        { ...good, states: ['s'], rules: [{ ...rules[0], ...part }] } as never,
        () => {},
        null,
        false,
      ).close();
    for (let at = 0; at < compared.length; at++) {
      for (const key of ['op', 'value']) {
        const when = compared.map((step, index) => (index === at ? { ...step, [key]: value } : step));
        attempt(`when.${key}`, () => withPart({ when }));
      }
      attempt('when.step', () => withPart({ when: compared.with(at, value as never) }));
    }
    for (const key of Object.keys(timing))
      attempt(`timing.${key}`, () => withPart({ timing: { ...timing, [key]: value } }));
    for (const key of Object.keys(states))
      attempt(`states.${key}`, () => withPart({ states: { ...states, [key]: value } }));
    attempt('states.in', () => withPart({ states: { ...states, in: [value] } }));
    for (const inside of [value, ['x', value]])
      attempt('plan.probes', () =>
        new Engine({ ...good, probes: [inside] } as never, () => {}, null, false).close(),
      );
    const engine = new Engine(good, () => {}, null, false);
    const measured = [1, 0, 0, Float64Array.of(1), 5];
    for (let at = 0; at < measured.length; at++)
      attempt(`probed.${at}`, () => (engine.probed as Call)(...measured.with(at, value as never)));
    for (const key of Object.keys(rules[1] ?? {}))
      attempt(`addRule.${key}`, () => engine.addRule(1, { ...rules[1], [key]: value } as never, [], '{}'));
    attempt('addRule.metrics', () => engine.addRule(1, rules[1] as never, [metric, value] as never, '{}'));
    engine.close();
  }
} else if (part === 'summary') {
  const summary = new Summary(true, 0);
  for (const value of values) {
    attempt('observe', () => summary.observe(value as never));
    attempt('row', () => summary.row.call(value as never));
    attempt('state', () => summary.state.call(value as never));
    attempt('get', () => summary.get(value as never, 0.5));
    attempt('get', () => summary.get('mean', value as never));
    attempt('observe of another', () => summary.observe.call(value as never, Float64Array.of(1)));
  }
} else {
  for (const name of methods) {
    const open = new Engine(plan(), () => {}, null, false);
    if (part === 'open') tryAll(name, open);
    if (part === 'open' && name === 'close') continue;
    open.ingest(1, journal(1, 10));
    open.close();
    if (part === 'closed') tryAll(name, open);
    if (part === 'receivers') {
      for (const value of values) attempt(name, () => (open[name] as Call).apply(value, [1, 2]));
    }
  }
}
// Commands that were posted are processed; then the process must be able to exit.
await sleep(50);
say({ calls, thrown });
