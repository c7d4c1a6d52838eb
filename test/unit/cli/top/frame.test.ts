import fc from 'fast-check';
import pc from 'picocolors';
import { describe, expect, test } from 'vitest';
import type { EnsembleResource } from '../../../../src/api/schemas/ensemble.js';
import type { GroupResource } from '../../../../src/api/schemas/group.js';
import type { RuleResource } from '../../../../src/api/schemas/rule.js';
import { frameOf } from '../../../../src/cli/top/frame.js';
import { queryOf } from '../../../../src/cli/top/jobs-reader.js';
import { keysOf } from '../../../../src/cli/top/keys.js';
import type { TopModel } from '../../../../src/cli/top/model.js';
import { Painter } from '../../../../src/cli/top/painter.js';
import { initialState, type ViewState, visible } from '../../../../src/cli/top/view-state.js';
import { clipped, widthOf } from '../../../../src/text/width.js';
import { screenOf } from '../../../support/screen.js';

const plain = pc.createColors(false);
const colored = pc.createColors(true);

const COUNTS = {
  ...{ submitted: 110, finished: 61, success: 60, failed: 1, canceled: 0, timeout: 0, exception: 0 },
  ...{ retried: 0, queued: 0, pending: 44, running: 5 },
};
const NONE = {
  count: 0,
  mean: null,
  variance: null,
  min: null,
  max: null,
  q25: null,
  q50: null,
  q75: null,
  iqr: null,
  mad: null,
};

const group = (name: string, counts: Partial<typeof COUNTS>): GroupResource => ({
  name,
  counts: { ...COUNTS, submitted: 0, finished: 0, success: 0, failed: 0, pending: 0, running: 0, ...counts },
  exceptions: {},
  duration: { ...NONE, ...(counts.success ? { count: counts.success, mean: 3.25, q50: 3, max: 8 } : {}) },
  pending: NONE,
  probes: {},
});

const rule = (index: number, name: string, more: Partial<RuleResource> = {}): RuleResource => ({
  ...{ rule: index, name, algorithm: null, due: name, state: 'inactive', why: '', in: [], conditions: [] },
  ...{
    firings: 0,
    repetitionsLeft: 1,
    backoffLeft: 0,
    pendingSince: null,
    heldUntil: null,
    next: null,
    came: 0,
  },
  heldBack: { repetitions: 0, backoff: 0, cooldown: 0, for: 0, state: 0, end: 0 },
  ...more,
});

const ensemble: EnsembleResource = {
  ...{ id: 'study-0123456789ab', name: 'study', run: 'k3f9ax', status: 'running', member: 'local', size: 8 },
  ...{ paused: false, state: null, states: [], started: 1000, updated: 1100, elapsed: 100, counts: COUNTS },
  ...{ groups: 2, end: null, host: 'login1', user: 'ada', pid: 7, file: null, version: '0' },
  totals: {
    records: 0,
    events: 0,
    trackedEvents: 0,
    firings: 1,
    decodeErrors: 0,
    lostJobs: 0,
    activeJobs: 49,
    following: true,
    logLag: 0,
  },
};

function modelOf(more: Partial<TopModel> = {}, run: Partial<TopModel['run']> = {}): TopModel {
  return {
    run: {
      ensemble,
      groups: new Map(
        [
          {
            ...group('melt', { submitted: 100, success: 50, failed: 1, pending: 44, running: 5 }),
            probes: { energy: { ...NONE, count: 2, mean: -3.25, min: -4, max: -2.5 }, never: NONE },
          },
          group('relax', { submitted: 10, success: 10 }),
        ].map((each) => [each.name, each]),
      ),
      rules: new Map(
        [
          rule(0, 'start', { state: 'exhausted', firings: 1, repetitionsLeft: 0 }),
          rule(1, 'enough', {
            why: 'its condition never held',
            conditions: [
              {
                ...{ text: 'count.melt.success >= 100', holds: false, values: { 'count.melt.success': 50 } },
                bound: { metric: 'count.melt.success', comparison: '>=', threshold: 100 },
              },
            ],
          }),
        ].map((each) => [each.rule, each]),
      ),
      failures: new Map(),
      firings: [
        {
          ...{
            number: 0,
            rule: 0,
            name: 'start',
            trigger: 'start',
            action: 'submit',
            label: 'melt',
            time: 1000,
          },
          ...{ job: null, value: null, askedBy: null, resolved: false },
        },
      ],
      problems: [],
      connection: { state: 'live', detail: null, retryAt: null },
      rate: 2,
      ...run,
    },
    ...{ jobs: null, job: null, output: null, now: 1100 },
    ...more,
  };
}

const stateOf = (more: Partial<ViewState> = {}): ViewState => ({ ...initialState(), ...more });
const linesOf = (state: ViewState, model = modelOf(), width = 79, height = 24) =>
  frameOf(state, model, { width, height }, plain).lines.map((line) => line.trimEnd());

const JOBS = {
  ...{ from: 0, matching: 3, total: 110, error: null, columns: ['id', 'group', 'result', 'parameters.T'] },
  rows: [
    {
      id: 'ƒ1',
      group: 'melt',
      result: 'completed',
      exit: 0,
      start: 1000,
      duration: 2.5,
      'parameters.T': 300,
    },
    {
      id: 'ƒ2',
      group: 'melt',
      result: 'failed',
      exit: 3,
      start: 1000,
      duration: 1,
      note: 'bad\u001b[31m',
      'parameters.T': 310,
    },
    {
      id: 'ƒ3',
      group: 'melt',
      result: 'active',
      exit: null,
      start: 1090,
      duration: null,
      'parameters.T': 320,
    },
  ],
};

describe('the screen', () => {
  test('has the run, its groups and the keys', () => {
    expect(linesOf(stateOf())).toEqual([
      'study (k3f9ax), running, 100 s, local, 8 slots',
      '61 of 110 jobs done, 1 failed, 5 running, 44 waiting, 2/s, 25 s left',
      'rule 1 waits for count.melt.success >= 100: 50 now',
      '',
      '[1 Groups]  2 Rules   3 Jobs   4 Firings   5 Problems',
      '> melt  ███████████████x▒░░░░░░░░░░░░░ 51/100  1 failed, 5 running, 44 waiting',
      '    ran: mean 3.25 s, median 3 s, max 8 s; energy: mean -3.25, min -4, max -2.5',
      expect.stringMatching(/^ {2}relax █{30} {2}10\/10$/),
      ...Array.from({ length: 15 }, () => ''),
      'q quit  ? help  / filter  Enter jobs  c cancel  p pause',
    ]);
  });

  test('has rules with their conditions, and why the selected one did not fire', () => {
    const state = stateOf({ view: 'rules' });
    state.lists.rules.selected = 1;
    expect(linesOf(state).slice(5, 9)).toEqual([
      '  0 start  exhausted  fired once',
      '> 1 enough  waiting  never fired',
      '     no  count.melt.success >= 100: 50 now  █████░░░░░',
      '    its condition never held',
    ]);
  });

  test('has a window of the jobs, whose texts are harmless', () => {
    const state = stateOf({ view: 'jobs' });
    Object.assign(state.lists.jobs, { selected: 1, filter: 'melt' });
    const lines = linesOf(state, modelOf({ jobs: JOBS }));
    expect(lines.slice(5, 11)).toEqual([
      'only: melt',
      '  id  group  result       T  exit  duration  pending  attempt  note',
      '  ƒ1  melt   completed  300     0       2.5        -        -  -',
      '> ƒ2  melt   failed     310     3         1        -        -  bad\\u001b[31m',
      '  ƒ3  melt   running    320     -        10        -        -  -',
      '  1 to 3 of 3 (110 in all)',
    ]);
  });

  test('keeps thresholds and results where names are long and the terminal is narrow', () => {
    const text = 'count.a-group-with-a-long-name.success >= 100';
    const values = { 'count.a-group-with-a-long-name.success': 50 };
    const rules = new Map([
      [7, rule(7, text, { conditions: [{ text, holds: false, values, bound: null }] })],
    ]);
    const lines = linesOf(stateOf({ view: 'rules' }), modelOf({}, { rules }), 39);
    expect(lines[2]).toMatch(/^rule 7 waits for .*….* >= 100: 50 now$/);
    expect(lines.find((line) => line.startsWith('> 7 count.'))).toMatch(/… ?.*>= 100$/);
    const rows = JOBS.rows.map((row) => ({ ...row, group: 'a-group-with-a-long-name' }));
    const jobs = linesOf(stateOf({ view: 'jobs' }), modelOf({ jobs: { ...JOBS, rows } }), 39);
    expect(jobs.find((line) => line.includes('ƒ2'))).toMatch(/^ {2}ƒ2 {2}a-gro\S*…\S+ {2}failed/);
  });

  test('has the facts and the output of a job', () => {
    const failures = new Map([
      [
        'melt',
        {
          ...{ group: 'melt', failed: 1, canceled: 0, jobs: 100 },
          reasons: [
            {
              ...{
                reason: 'exit status 3',
                exception: null,
                note: null,
                exitStatus: 3,
                signal: null,
                count: 1,
                lines: ['boom'],
              },
              jobs: [{ job: 'ƒ2', jobid: '2', parameters: null, line: 'boom', output: null, error: null }],
            },
          ],
        },
      ],
    ]);
    const job = {
      job: { job: JOBS.rows[1] ?? {}, attempts: 2, output: { path: '/out/2', bytes: 5 }, error: null },
      error: null,
    };
    const screen = { job: 'ƒ2', kind: 'job', stream: 'output', back: 0 } as const;
    const text = linesOf(stateOf({ screen: { ...screen } }), modelOf({ job }, { failures })).join('\n');
    expect(text).toMatch(/^job ƒ2 {2}failed\nfailed with {2}exit status 3: boom\ngroup {8}melt$/m);
    expect(text).toMatch(/^attempts {5}2\noutput {7}\/out\/2 \(5 B\)$/m);
    const output = {
      lines: Array.from({ length: 50 }, (_, i) => `line ${i}\u0007`),
      skipped: 0,
      error: null,
    };
    const end = linesOf(stateOf({ screen: { ...screen, kind: 'output' } }), modelOf({ output }));
    expect(end[5]).toBe('output of job ƒ2');
    expect(end[22]).toBe('line 49\\u0007');
    const back = linesOf(stateOf({ screen: { ...screen, kind: 'output', back: 5 } }), modelOf({ output }));
    expect([back[5], back[22]]).toEqual(['output of job ƒ2, 5 lines follow', 'line 44\\u0007']);
  });

  test('says why there is nothing, and what is asked', () => {
    const lost = { state: 'lost', detail: 'the server\u001b does not answer', retryAt: 1 } as const;
    expect(linesOf(stateOf(), modelOf({}, { connection: lost }))[2]).toBe(
      'no connection; trying again: the server\\u001b does not answer',
    );
    const question = { text: 'cancel 49 active jobs of melt?', yes: () => {} };
    expect(linesOf(stateOf({ question })).at(-1)).toBe('cancel 49 active jobs of melt? (y/n)');
    const jobs = { ...JOBS, rows: [], error: "unknown name 'foo'" };
    expect(linesOf(stateOf({ view: 'jobs' }), modelOf({ jobs }))[5]).toBe("  unknown name 'foo'");
    const unknown = modelOf(
      {},
      { ensemble: null, connection: { state: 'connecting', detail: null, retryAt: null } },
    );
    expect(linesOf(stateOf(), unknown)[0]).toBe('connecting');
  });

  test('fits every terminal, with every view', () => {
    const names = fc.string({ unit: 'grapheme', maxLength: 60 });
    const size = fc.record({
      width: fc.integer({ min: 1, max: 130 }),
      height: fc.integer({ min: 1, max: 40 }),
    });
    const screens = fc.constantFrom<ViewState['screen']>(
      null,
      { job: 'ƒ2', kind: 'job', stream: 'output', back: 2 },
      { job: 'ƒ2', kind: 'output', stream: 'error', back: 3 },
    );
    const view = fc.constantFrom('groups', 'rules', 'jobs', 'firings', 'problems' as const);
    fc.assert(
      fc.property(
        fc.array(names),
        size,
        view,
        screens,
        fc.boolean(),
        names,
        (groups, room, shown, screen, help, filter) => {
          const state = stateOf({
            view: shown as ViewState['view'],
            screen,
            help,
            typed: help ? filter : null,
          });
          state.lists[state.view].filter = filter;
          const model = modelOf(
            {
              jobs: { ...JOBS, rows: JOBS.rows.map((row) => ({ ...row, group: filter })) },
              job: {
                job: {
                  job: { id: filter, note: filter },
                  attempts: 1,
                  output: { path: filter, bytes: null },
                  error: null,
                },
                error: null,
              },
              output: { lines: [filter, 'x'.repeat(300)], skipped: 5, error: null },
            },
            {
              groups: new Map(groups.map((name) => [name, group(name, { submitted: 3, success: 3 })])),
              problems: [{ time: 1, code: 'ERR', message: filter }],
            },
          );
          const { lines } = frameOf(state, model, room, colored);
          expect(lines).toHaveLength(room.height);
          for (const line of lines) {
            expect(widthOf(line)).toBeLessThanOrEqual(room.width);
            // biome-ignore lint/suspicious/noControlCharactersInRegex: no other sequence may be in a line
            expect(line.replace(/\u001b\[\d+m/g, '')).not.toMatch(/[\u0000-\u001f\u007f]/);
          }
        },
      ),
    );
  });
});

test('a list shows the selected item with the rows of each item together', () => {
  const item = (index: number) => Array.from({ length: 1 + (index % 3) }, (_, row) => `${index}.${row}`);
  expect(visible(0, { selected: 0, first: 0 }, 5, item)).toEqual({ first: 0, rows: [] });
  fc.assert(
    fc.property(
      fc.nat(30),
      fc.nat(40),
      fc.nat(40),
      fc.integer({ min: 3, max: 12 }),
      (count, selected, first, height) => {
        const shown = visible(count + 1, { selected, first }, height, item);
        const at = Math.min(selected, count);
        expect(shown.rows.length).toBeLessThanOrEqual(height);
        expect(shown.rows.filter((row) => row.item === at)).toHaveLength(item(at).length);
        expect(shown.rows[0]).toEqual({ item: shown.first, line: `${shown.first}.0` });
      },
    ),
  );
});

test('keys have names', () => {
  expect(keysOf('q\u001b[A\u001bOB\u001b[5~\r\t\u001b[Zé\u001b')).toEqual([
    'q',
    'up',
    'down',
    'pgup',
    'enter',
    'tab',
    'backtab',
    'é',
    'esc',
  ]);
  // Unknown sequences, as those of a mouse, are not text.
  expect(keysOf('\u001b[<0;3;4M\u001b[200~x\u0001')).toEqual(['x']);
});

test('a filter of jobs begins with groups and results', () => {
  const groups = ['melt', 'failed-ones'];
  expect(queryOf('melt failed, active exit == 3', groups)).toEqual({
    group: 'melt',
    result: 'failed,active',
    where: 'exit == 3',
  });
  expect(queryOf('duration > 60', groups)).toEqual({ group: '', result: '', where: 'duration > 60' });
  expect(queryOf(' ', groups)).toEqual({ group: '', result: '', where: '' });
});

test('a line with colours is cut at its end', () => {
  expect(clipped('abcdef', 4)).toBe('abc…');
  expect(clipped(colored.red('abcdef') + colored.green('x'), 4)).toBe(
    `${colored.red('abc…')}${colored.green('')}`,
  );
  expect(widthOf(clipped('日本語日本語', 5))).toBeLessThanOrEqual(5);
});

test('only rows that have changed are written, and an empty frame writes nothing', async () => {
  let output = '';
  const painter = new Painter((text) => {
    output += text;
  });
  painter.paint(['one', 'two', 'three']);
  expect(await screenOf(output, 40, 5)).toEqual(['one', 'two', 'three']);
  const before = output.length;
  painter.paint(['one', 'two', 'three']);
  expect(output.length).toBe(before);
  painter.paint(['one', '2']);
  expect(output.slice(before)).not.toContain('one');
  expect(await screenOf(output, 40, 5)).toEqual(['one', '2']);
});
