import fc from 'fast-check';
import { expect, test } from 'vitest';

import { PendingQueue } from '../../../../src/members/local/queue.js';
import { formatIdset, SlotNumbers } from '../../../../src/members/local/slots.js';

interface Item {
  urgency: number;
  sequence: number;
  queueIndex: number;
}

const step = fc.oneof(
  fc.record({ op: fc.constant('push' as const), urgency: fc.integer({ min: 1, max: 31 }) }),
  fc.record({ op: fc.constant('take' as const) }),
  fc.record({ op: fc.constant('remove' as const), pick: fc.nat() }),
);

test('a queue behaves like a list that is sorted again each time', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const queue = new PendingQueue<Item>();
      let model: Item[] = [];
      let sequence = 0;
      for (const each of steps) {
        if (each.op === 'push') {
          const item = { urgency: each.urgency, sequence: sequence++, queueIndex: -1 };
          queue.push(item);
          model.push(item);
        } else {
          const item = each.op === 'take' ? queue.peek() : model[each.pick % (model.length || 1)];
          if (item !== undefined) {
            expect(queue.remove(item)).toBe(true);
            expect(queue.remove(item)).toBe(false);
            model = model.filter((other) => other !== item);
          }
        }
        model.sort((a, b) => b.urgency - a.urgency || a.sequence - b.sequence);
        expect(queue.peek()).toBe(model[0]);
        expect(queue.size).toBe(model.length);
      }
    }),
  );
});

test('slot numbers are the lowest free ones, and unique', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -3, max: 5 })), (steps) => {
      const numbers = new SlotNumbers();
      const held: number[][] = [];
      for (const each of steps) {
        const inUse = new Set(held.flat());
        if (each > 0) {
          const lowest = Array.from({ length: inUse.size + each }, (_, i) => i).filter((i) => !inUse.has(i));
          const taken = numbers.take(each);
          expect(taken).toEqual(lowest.slice(0, each));
          held.push(taken);
        } else {
          numbers.giveBack(held.splice(-each % (held.length || 1), 1).flat());
        }
      }
    }),
  );
});

test('idsets have the form of Flux', () => {
  expect(formatIdset([0])).toBe('0');
  expect(formatIdset([0, 1, 2, 4, 6, 7])).toBe('0-2,4,6-7');
});
