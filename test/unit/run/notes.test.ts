import { describe, expect, test } from 'vitest';
import {
  addedRuleText,
  firingNote,
  readAddedRule,
  readFiringNote,
  readInnerNote,
  readRunNote,
  requestNote,
  runNote,
} from '../../../src/run/notes.js';

describe('notes', () => {
  test('of a firing are read as they were written', () => {
    const took = { path: '1.0', group: 'sim', first: 7, count: 2 };
    expect(readFiringNote(firingNote('took', took))).toEqual({ kind: 'took', value: took });
    expect(readFiringNote(firingNote('finished', true))).toEqual({ kind: 'finished', value: true });
    const part = { path: '0', part: 3 };
    expect(readFiringNote(firingNote('part', part))).toEqual({ kind: 'part', value: part });
  });

  test('hold answers with integers of any size, and without an answer', () => {
    const answer = [{ name: 'submit', value: 2n ** 80n, with: { 'odd "key"': [1.5, null, 'ƒ'] } }];
    expect(readFiringNote(firingNote('answer', { path: '', answer }))).toEqual({
      kind: 'answer',
      value: { path: '', answer },
    });
    const nothing = { path: '', answer: null };
    expect(readFiringNote(firingNote('answer', nothing))).toEqual({ kind: 'answer', value: nothing });
  });

  test('of a request hold a note as of a firing', () => {
    const note = readRunNote(requestNote(4, 'size', { path: '', size: 9 }));
    expect(note).toEqual({ kind: 'ofRequest', value: { number: 4, note: { size: { path: '', size: 9 } } } });
    if (note?.kind !== 'ofRequest') throw new Error('another kind');
    expect(readInnerNote(note.value.note)).toEqual({ kind: 'size', value: { path: '', size: 9 } });
  });

  test('of the run are read as they were written', () => {
    const request = {
      number: 0,
      action: { name: 'submit', label: 'a', value: 2 },
      by: 'ada',
      time: 5.25,
    } as const;
    expect(readRunNote(runNote('request', request))).toEqual({ kind: 'request', value: request });
    const end = {
      end: 'stopped',
      error: { code: 'ERR_ACTION', message: 'no' },
      by: { kind: 'rule', rule: 1, name: 'start' },
      unperformed: [[2, 3]],
    } as const;
    expect(readRunNote(runNote('end', { ...end, unperformed: [[2, 3]] }))).toEqual({
      kind: 'end',
      value: end,
    });
  });

  test('that are unknown or damaged are null', () => {
    for (const text of [
      '',
      '{',
      '[]',
      'null',
      '{}',
      '{"later":1}',
      '{"took":{}}',
      '{"size":1,"step":2}',
      '{"constructor":1}',
    ]) {
      expect(readFiringNote(text)).toBeNull();
      expect(readRunNote(text)).toBeNull();
    }
    expect(readAddedRule('{"rule":1}')).toBeNull();
  });

  test('a rule that was added comes back as it was returned', () => {
    const added = { rule: { trigger: 'job-finish', action: { name: 'terminate' } }, firing: 3, path: '0' };
    expect(readAddedRule(addedRuleText(added))).toEqual(added);
  });
});
