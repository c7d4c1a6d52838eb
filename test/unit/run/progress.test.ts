import { beforeEach, describe, expect, test } from 'vitest';
import type { JobGroup } from '../../../src/model/ensemble.js';
import { type FiringNote, firingNote, readFiringNote } from '../../../src/run/notes.js';
import { type Progress, ProgressLog } from '../../../src/run/progress.js';
import { LogOfTest } from '../../support/action-context.js';
import { read } from '../../support/config.js';

const { groups } = read({
  jobs: [
    { name: 'swept', command: 'true', parameters: { x: [1, 2, 3, 4, 5, 6, 7] } },
    { name: 'other', command: 'true', parameters: { y: [1, 2, 3] } },
  ],
  rules: ['swept', 'other'].map((label) => ({
    trigger: 'start',
    action: { name: 'submit', label, value: 1 },
  })),
}).config;
const group = (name: string) => groups.get(name) as JobGroup;
const [swept, other] = [group('swept'), group('other')];
const xs = (portions: Iterable<{ entry: { parameters: object }; count: number }>) =>
  [...portions].map(({ entry }) => Object.values(entry.parameters)[0]);
const firing = (number: number) => ({ number, fromOutside: false });
const request = (number: number) => ({ number, fromOutside: true });

let log: LogOfTest;
let progress: ProgressLog;
beforeEach(() => {
  log = new LogOfTest();
  progress = new ProgressLog(log);
});

/** Performs an action at a place, which takes jobs of a group. */
async function take(of: Progress, group = swept, path = '', count = 1) {
  of.begin();
  const taken = await of.at(path).take(group, count);
  of.end(path, true);
  return xs(taken);
}

/** The notes of a firing that a process which resumes the run reads. */
const notesOf = (number: number) =>
  log.notes.flatMap(([text, of]) => (of === number ? [readFiringNote(text)] : [])) as FiringNote[];

describe('a firing', () => {
  test('of a plain submission makes no note, and is done at its end', () => {
    const one = progress.open(firing(4));
    one.begin();
    expect(one.at('').part()).toBe(0);
    one.end('', true);
    expect(log.notes).toEqual([['done', 4]]);
  });

  test('is done after the last action that followed from it', () => {
    const one = progress.open(firing(4));
    for (let actions = 0; actions < 3; actions++) one.begin();
    one.end('', true);
    one.end('1', true);
    expect(log.notes).toEqual([[firingNote('step', { path: '1' }), 4]]);
    one.end('0', true);
    expect(log.notes.at(-1)).toEqual(['done', 4]);
  });

  test('whose action the end of the run broke off is never done', () => {
    const one = progress.open(firing(4));
    one.begin();
    one.begin();
    one.end('', false);
    one.end('0', true);
    expect(log.notes).toEqual([]);
  });

  test('makes no notes without a log', async () => {
    log.logs = false;
    const one = progress.open(firing(0));
    expect(await take(one)).toEqual([1]);
    expect(one.at('0').wantSize(3)).toBeNull();
    expect(await one.at('0').begin()).toBe(0);
    await one.at('0').answered(1);
    expect(log.notes).toEqual([]);
  });
});

describe('the submissions of a firing', () => {
  test('are numbered, and keep their numbers', () => {
    const one = progress.open(firing(0));
    expect([one.at('1').part(), one.at('0').part()]).toEqual([0, 1]);
    const again = new ProgressLog(log).reopen(firing(0), notesOf(0));
    expect([again.at('0').part(), again.at('2').part(), again.at('1').part()]).toEqual([1, 2, 0]);
  });

  test('know their jobs where the run was resumed', async () => {
    log.jobs.set(0, [
      { part: 0, begin: 0, end: 2 },
      { part: 1, begin: 4, end: 5 },
    ]);
    expect(await progress.open(firing(0)).at('').submitted(0)).toEqual([]);
    const again = progress.reopen(firing(0), []);
    expect(await again.at('').submitted(1)).toMatchObject([{ begin: 4, end: 5 }]);
  });
});

describe('rows of a sweep', () => {
  test('are the same ones again, and later ones come after them', async () => {
    expect(await take(progress.open(firing(0)), swept, '', 2)).toEqual([1, 2]);
    const open = progress.open(firing(1));
    open.begin();
    expect(xs(await open.at('0').take(swept, 3))).toEqual([3, 4, 5]);
    const next = new ProgressLog(log);
    const again = next.reopen(firing(1), notesOf(1));
    expect(xs(await again.at('0').take(swept, 3))).toEqual([3, 4, 5]);
    expect(await take(next.open(firing(2)), swept, '', 3)).toEqual([6, 7, 1]);
  });

  test('go on although all firings are done: the last one is kept until another takes rows', async () => {
    await take(progress.open(firing(0)));
    await take(progress.open(firing(1)), other);
    expect(log.notes.filter(([text]) => text === 'done')).toEqual([]);
    await take(progress.open(firing(2)));
    expect(log.notes.filter(([text]) => text === 'done')).toEqual([['done', 0]]);
    const next = new ProgressLog(log);
    for (const number of [1, 2]) {
      expect(next.reopen(firing(number), notesOf(number)).wasFinished).toBe(true);
    }
    expect(await take(next.open(firing(3)))).toEqual([3]);
    expect(await take(next.open(firing(4)), other)).toEqual([2]);
    const done = log.notes.filter(([text]) => text === 'done').map(([, number]) => number);
    expect(done).toEqual([0, 2, 1]);
  });

  test('are noted before the notes of the firing that took the last ones are given up', async () => {
    await take(progress.open(firing(0)));
    await take(progress.open(firing(1)));
    const took = log.notes.findIndex(([text, of]) => of === 1 && text.includes('took'));
    const given = log.notes.findIndex(([text, of]) => of === 0 && text === 'done');
    expect(took).toBeGreaterThan(-1);
    expect(given).toBeGreaterThan(took);
  });

  test('that requests from outside took are counted', async () => {
    await take(progress.open(request(0)), swept, '', 2);
    const texts = log.notes.map(([text]) => text);
    expect(texts.at(-1)).toBe('{"performed":{"number":0}}');
    const took = { kind: 'took', value: { path: '', group: 'swept', first: 0, count: 2 } } as const;
    const next = new ProgressLog(log);
    next.reopen(request(0), [took]);
    expect(await take(next.open(firing(0)))).toEqual([3]);
  });

  test('that are drawn again in later rounds continue there', () => {
    const { sweeps } = progress;
    for (let i = 0; i < 9; i++) sweeps.take(swept, 1);
    expect(sweeps.position('swept')).toBe(9);
    const next = new ProgressLog(log).sweeps;
    next.moveTo('swept', 9);
    expect(xs(next.take(swept, 2))).toEqual(xs(sweeps.take(swept, 2)));
    expect(xs(next.takeAgain(swept, 6, 2))).toEqual([7, 1]);
  });
});

describe('code of the user', () => {
  test('is called again without an answer, with the number of the earlier calls', async () => {
    for (const attempt of [0, 1, 2]) {
      const one = new ProgressLog(log).reopen(firing(0), notesOf(0));
      expect(one.answerOf('')).toBeNull();
      expect(await one.at('').begin()).toBe(attempt);
    }
    await progress.reopen(firing(0), notesOf(0)).at('').answered({ name: 'terminate' });
    expect(progress.reopen(firing(0), notesOf(0)).answerOf('')).toEqual([{ name: 'terminate' }]);
  });
});

test('a size that was wanted before is wanted again', () => {
  const one = progress.open(firing(0));
  expect(one.at('').wantSize(5)).toBeNull();
  expect(log.notes).toEqual([['{"size":{"path":"","size":5}}', 0]]);
  one.at('').reached(5);
  expect(log.notes.at(-1)).toEqual(['{"memberSize":5}', null]);
  expect(progress.reopen(firing(0), notesOf(0)).at('').wantSize(8)).toBe(5);
});
