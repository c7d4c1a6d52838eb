/** The interface of the addon as src/engine/addon.ts declares it, compared with the addon itself. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { loadAddon, type NativeEventBatch, type NativeOutbox } from '../../src/engine/addon.js';
import { EMPTY_PLAN, type EnginePlan, type PlanMetric } from '../../src/engine/plan/plan.js';
import { basicRule } from '../conformance/build-case.js';
import { root } from '../support/cli.js';
import { journal } from './children/common.js';

/** Names of the members of each interface of a file. */
function interfacesOf(path: string): ReadonlyMap<string, readonly string[]> {
  const source = ts.createSourceFile(path, readFileSync(join(root, path), 'utf8'), ts.ScriptTarget.ESNext);
  return new Map(
    source.statements
      .filter(ts.isInterfaceDeclaration)
      .map(({ name, members }) => [
        name.text,
        members.map((member) => (member.name as ts.Identifier).text).toSorted(),
      ]),
  );
}

const declared = new Map([
  ...interfacesOf('src/engine/addon.ts'),
  ...interfacesOf('src/engine/plan/plan.ts'),
  ...interfacesOf('src/model/metrics.ts'),
]);
const addon = loadAddon();

function methodsOf({ prototype }: { readonly prototype: object }): string[] {
  return Object.getOwnPropertyNames(prototype)
    .filter((name) => name !== 'constructor')
    .toSorted();
}

const propertiesOf = (value: unknown) => Object.keys(Object(value)).toSorted();

/** Returns the deliveries of an engine for a job that finishes: the outbox with the firing, and the events. */
async function deliver(plan: EnginePlan): Promise<{ outbox: NativeOutbox; batch: NativeEventBatch }> {
  let wake = () => {};
  const engine = new addon.Engine(plan, () => wake(), null, false);
  const delivered = new Promise<NativeOutbox>((resolve, reject) => {
    wake = () => {
      const outbox = engine.take();
      if (outbox === undefined) reject(new Error('take() delivered nothing'));
      else if (outbox.firings.length > 0) resolve(outbox);
    };
  });
  engine.hold(true);
  engine.gatherEvents(10, false);
  engine.start(1, 0);
  engine.ingest(2, journal(1, 1));
  const outbox = await delivered;
  const batch = engine.takeEvents();
  engine.close();
  if (batch === undefined) throw new Error('takeEvents() delivered nothing');
  return { outbox, batch };
}

const rule = { ...basicRule, event: 'finish', metric: -1, wantsEvent: true };
const metric: PlanMetric = {
  name: '',
  group: 0,
  fact: null,
  count: null,
  statistic: 'mean',
  variable: 'duration',
  probe: null,
  quantile: 0,
  window: 0,
  fromZero: false,
  bound: null,
  split: null,
};
const good: EnginePlan = { ...EMPTY_PLAN, groups: ['a'], metrics: [metric], rules: [rule] };

test.each([
  ['NativeEngine', addon.Engine],
  ['NativeSummary', addon.Summary],
])('the methods of %s are the declared ones', (name, native) => {
  expect(methodsOf(native)).toEqual(declared.get(name));
});

test('the exports are the declared ones', () => {
  expect(propertiesOf(addon)).toEqual(declared.get('Addon'));
});

test('all that is delivered has the declared properties', async () => {
  const { outbox, batch } = await deliver(good);
  const [firing] = outbox.firings;
  expect(propertiesOf(outbox)).toEqual(declared.get('NativeOutbox'));
  expect(propertiesOf(batch)).toEqual(declared.get('NativeEventBatch'));
  expect(propertiesOf(firing)).toEqual(declared.get('NativeFiring'));
  expect(propertiesOf(firing?.snapshot)).toEqual(declared.get('NativeSnapshot'));
  expect(propertiesOf(firing?.snapshot?.status)).toEqual(declared.get('EngineStatus'));
});

describe('a missing property is refused', () => {
  const attempt = (plan: object) => () => new addon.Engine(plan as EnginePlan, () => {}, null, false).close();
  /** Without one of the properties. */
  const without = (value: object, key: string) =>
    Object.fromEntries(Object.entries(value).filter(([name]) => name !== key));

  test('in a plan', () => {
    expect(attempt(good)).not.toThrow();
    for (const key of propertiesOf(good)) expect(attempt(without(good, key)), key).toThrow();
  });

  test('in a metric', () => {
    // The name is for people.
    for (const key of propertiesOf(metric).filter((name) => name !== 'name'))
      expect(attempt({ ...good, metrics: [without(metric, key)] }), key).toThrow();
  });

  test('in a rule', () => {
    // JavaScript computes the times of cron rules.
    const read = declared.get('PlanRule')?.filter((name) => name !== 'cron') ?? [];
    const rules = [rule, { ...rule, trigger: 'metric', metric: 0, comparison: '>' }];
    for (const key of read) {
      const refused = rules.some((one) => {
        try {
          attempt({ ...good, rules: [without(one, key)] })();
          return false;
        } catch {
          return true;
        }
      });
      expect(refused, key).toBe(true);
    }
  });
});
