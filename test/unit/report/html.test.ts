import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ReportContent } from '../../../src/report/html/content.js';
import { BINS, JobFigures } from '../../../src/report/html/figures.js';
import { reportPage } from '../../../src/report/html/page.js';
import { span } from '../../../src/report/html/parts.js';
import { JobTable } from '../../../src/store/jobs/table.js';
import { parsePage } from '../../support/html.js';
import { type JobFacts, jobColumns } from '../../support/job-columns.js';

const NOWHERE = { nodes: null, tasks: null, output: null, error: null };

function contentOf(jobs: readonly JobFacts[], text: string, until = 100): ReportContent {
  const table = new JobTable({
    jobs: jobColumns(jobs),
    titleOf: () => text,
    variablesOf: () => [],
    textsOf: () => [],
    place: () => NOWHERE,
  });
  const cause = {
    column: `parameters.${text}`,
    value: text,
    from: null,
    below: null,
    group: null,
    where: text,
  };
  return {
    title: text,
    subtitle: text,
    end: { text, kind: 'open' },
    facts: [[text, text]],
    warnings: [text],
    table,
    begin: 0,
    until,
    failures: [
      {
        reason: text,
        exception: text,
        note: text,
        exitStatus: null,
        signal: null,
        group: text,
        count: 1,
        jobs: [1n],
        line: text,
      },
    ],
    rules: [
      { name: text, due: `${text}!`, action: text, firings: 1, phase: 'firing', why: text, times: [1] },
    ],
    blame: {
      findings: [
        {
          ...{ effect: 'failures', cause, also: cause, logP: -20, query: { results: [], where: text } },
          ...{ jobs: 9, failed: 9, others: 9, otherFailed: 0 },
          reasons: [{ exit: null, exception: text, jobs: 1 }],
        },
      ],
      ...{ jobs: 18, failed: 9, unknown: 0, causes: 3 },
    },
    environment: [[text, text]],
    file: { name: text, text },
  };
}

function pageOf(text: string): string {
  const job: JobFacts = {
    ...{
      group: text,
      submit: 1,
      start: 2,
      finish: 3,
      status: 256,
      result: 'failed',
      exception: text,
      note: text,
    },
    ...{ hosts: text, parameters: JSON.stringify({ a: text }) },
  };
  return reportPage(contentOf([job], text));
}

/** The elements of a page with the names of their attributes. */
function structureOf(text: string): string[] {
  const { elements, errors } = parsePage(pageOf(text));
  expect(errors).toEqual([]);
  return elements.map(({ tagName, attrs }) => [tagName, ...attrs.map(({ name }) => name)].join(' '));
}

describe('text from outside', () => {
  const usual = structureOf('plain');
  const pieces = [
    '<script>',
    '</title>',
    '</style>',
    '<!--',
    '-->',
    ']]>',
    '"',
    "'",
    '&',
    '&lt;',
    '<svg/onload=x>',
  ];
  const hostile = fc.array(fc.oneof(fc.constantFrom(...pieces), fc.string({ unit: 'binary' })), {
    minLength: 1,
    maxLength: 6,
  });

  test('adds no element and no attribute to a report', () => {
    fc.assert(
      fc.property(hostile, (parts) => {
        expect(structureOf(`x${parts.join('')}`)).toEqual(usual);
      }),
      { numRuns: 40 },
    );
  });

  test('is shown as it is', () => {
    const { textOf } = parsePage(pageOf('<b>&amp;"\u0007'));
    expect(textOf('environment')).toBe('Environment <b>&amp;"\\u0007 <b>&amp;"\\u0007');
  });
});

describe('figures of jobs', () => {
  const jobs: JobFacts[] = [
    { submit: 0, start: 0, finish: 60, result: 'completed' },
    { submit: 0, start: 30, finish: 120, result: 'failed' },
    { submit: 60, result: 'active' },
    { submit: 0, start: 10, result: 'lost' },
  ];

  test('have the mean of each part of the time, the peak and the sum', () => {
    const { timeline } = new JobFigures(contentOf(jobs, 'a', 120));
    const { running, pending } = timeline ?? expect.unreachable();
    const at = (seconds: number) => (seconds * BINS) / 120;
    expect([running.means[at(15)], running.means[at(45)], running.means[at(90)]]).toEqual([1, 2, 1]);
    expect([running.peak, running.seconds]).toEqual([2, 150]);
    // One job waited for 30 s, one for 10 s, and one waits since 60 s.
    expect([pending.means[at(5)], pending.means[at(20)], pending.means[at(90)]]).toEqual([2, 1, 1]);
    expect(pending.seconds).toBe(100);
  });

  test('count attempts of one job once', () => {
    const place = { rule: 0, firing: 0, index: 0, submit: 1 };
    const content = contentOf(
      [
        { ...place, attempt: 0, result: 'failed', start: 1, finish: 2 },
        { ...place, attempt: 1, result: 'completed', start: 2, finish: 5 },
      ],
      'a',
    );
    const [group] = new JobFigures(content).groups;
    expect([group?.jobs, group?.failed, group?.attempts]).toEqual([1, 0, 2]);
    expect([group?.duration.mean, group?.duration.at(0.5)]).toEqual([2, 2]);
  });
});

test.each([
  [0, '0 s'],
  [0.0123456, '0.0123 s'],
  [99.94, '99.9 s'],
  [119.6, '2 min'],
  [161.4, '2 min 41 s'],
  [3599.7, '1 h'],
  [7230, '2 h 1 min'],
  [86_399, '1 d'],
  [8_000_000, '92 d 14 h'],
  [Number.NaN, '-'],
])('a time of %d s is shown as %s', (seconds, text) => {
  expect(span(seconds).replaceAll('\u00a0', ' ')).toBe(text);
});

test('measured values of each group have statistics over the last one of each job', () => {
  const jobs = [{ measured: [2] }, { measured: [4] }, {}, { group: 'b', measured: [-1.23456] }];
  const text = reportPage(contentOf(jobs, 'x')).replaceAll(/<[^>]*>/g, ' ');
  expect(text).toMatch(/Measured values.*sim-0\s+2\s+3\s+2\s+3/s);
  expect(text).toMatch(/b-0\s+1\s+-1\.235/);
});

test('a rule has one sentence on how often it fired and why', () => {
  const rule = { name: 'r', due: 'r', action: 'terminate', phase: null, times: [] };
  const rules = [
    { ...rule, firings: 0, why: 'it was 2' },
    { ...rule, firings: 1, why: 'fired once; 1 event came later, held back by repetitions: 1' },
    { ...rule, firings: 2, why: '', phase: 'firing' as const },
  ];
  const page = reportPage({ ...contentOf([], 'x'), rules });
  for (const words of [
    '<p>It never fired: it was 2.</p>',
    '<p>It fired once; 1 event came later, held back by repetitions: 1.</p>',
    '<p>It fired twice (now: firing).</p>',
  ]) {
    expect(page).toContain(words);
  }
});
