import { describe, expect, test } from 'vitest';
import { examine } from '../../../../src/cli/doctor/examine.js';
import { type Check, missing, ok } from '../../../../src/cli/doctor/finding.js';
import { satisfies } from '../../../../src/cli/doctor/node.js';

const options = { slots: 1, state: '/nowhere', wait: 0.05 };
const good: Check = { name: 'good', run: () => ok('found') };

describe('examine', () => {
  test('a check that throws or rejects is broken, and the others go on', async () => {
    const thrower: Check = {
      name: 'thrower',
      run: () => {
        throw new Error('the disk is gone');
      },
    };
    const rejecter: Check = { name: 'rejecter', run: () => Promise.reject(new Error('the net is gone')) };
    const found = await examine([thrower, good, rejecter], options);
    expect(found.map(({ name, state, text }) => [name, state, text])).toEqual([
      ['thrower', 'broken', 'the disk is gone'],
      ['good', 'ok', 'found'],
      ['rejecter', 'broken', 'the net is gone'],
    ]);
    for (const { state, remedy } of found) expect(remedy === null).toBe(state === 'ok');
  });

  test('a check that hangs is broken', async () => {
    const hanging: Check = { name: 'hanging', run: () => new Promise(() => {}) };
    const [late, other] = await examine([hanging, good], options);
    expect(late).toMatchObject({
      state: 'broken',
      text: 'the check did not end within 0.05 s',
      blocks: false,
    });
    expect(other).toMatchObject({ state: 'ok' });
  });

  test('only a check that is needed blocks', async () => {
    const run = () => missing('not there', 'install it');
    const found = await examine(
      [
        { name: 'needed', needed: true, run },
        { name: 'other', run },
        { ...good, needed: true },
      ],
      options,
    );
    expect(found.map(({ blocks }) => blocks)).toEqual([true, false, false]);
  });
});

describe('satisfies', () => {
  test.each([
    ['20.0.0', '>=20', true],
    ['19.9.9', '>=20', false],
    ['22.1.0', '>=20.5', true],
    ['20.4.9', '>=20.5', false],
    ['20.5.0', '>=20.5.1', false],
    ['20.5.1', '>= 20.5.1', true],
    ['9.0.0', '>=20', false],
  ])('Node %s for %s: %s', (version, range, expected) => {
    expect(satisfies(version, range)).toBe(expected);
  });
});
