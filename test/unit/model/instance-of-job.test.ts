import fc from 'fast-check';
import { expect, test } from 'vitest';
import { instanceOfJob } from '../../../src/model/instance-of-job.js';

const milliseconds = fc.bigInt({ min: 0n, max: 2n ** 40n - 1n });
const sequences = fc.bigInt({ min: 0n, max: 1023n });

test('a job of a sub-instance has its number and its own id', () => {
  fc.assert(
    fc.property(milliseconds, fc.integer({ min: 1, max: 8192 }), sequences, (time, instance, sequence) => {
      const own = (time << 24n) | sequence;
      const id = own | (BigInt(16384 - instance) << 10n);
      expect(instanceOfJob(id)).toEqual({ instance, id: own });
    }),
  );
});

test('a job of the parent keeps its id, whichever broker made it', () => {
  fc.assert(
    fc.property(milliseconds, fc.bigInt({ min: 0n, max: 8191n }), sequences, (time, rank, sequence) => {
      const id = (time << 24n) | (rank << 10n) | sequence;
      expect(instanceOfJob(id)).toEqual({ instance: 0, id });
    }),
  );
});
