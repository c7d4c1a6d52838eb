import { describe, expect, test } from 'vitest';
import { TRIGGERS } from '../../../src/language/triggers/catalog.js';
import { jobEventOf } from '../../../src/language/triggers/job.js';

describe('TRIGGERS', () => {
  test('holds every trigger that ensemble-python allows', () => {
    const names = new Set(TRIGGERS.map(({ name }) => name));
    const theirs = ['start', 'metric'];
    for (const event of ['depend', 'sched', 'run', 'cancel', 'cleanup', 'finish', 'success', 'fail']) {
      theirs.push(`job-${event}`);
    }
    expect(theirs.filter((name) => !names.has(name))).toEqual([]);
  });

  test('describes each once, in a sentence', () => {
    expect(new Set(TRIGGERS.map(({ name }) => name)).size).toBe(TRIGGERS.length);
    for (const { description } of TRIGGERS) expect(description).toMatch(/^[A-Z].*\.$/);
  });

  test('gives the event of a job trigger', () => {
    expect(jobEventOf('job-prolog-start')).toBe('prolog-start');
    expect(jobEventOf('start')).toBeNull();
  });
});
