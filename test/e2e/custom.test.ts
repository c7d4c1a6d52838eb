import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cli, ensembleFile, jsonLines, newFolder } from '../support/cli.js';

/** One `once` job; when it has finished, the function `f` of this source is called. */
const file = (source: string, action = '') =>
  ensembleFile(`jobs:
  - {name: once, command: 'true'}
  - {name: more, command: 'true', count: 2}
rules:
  - trigger: start
    action: {name: submit, label: once}
  - trigger: job-finish
    name: once
    action: {name: custom, label: f${action}}
custom: |
${source.replace(/^/gm, '  ')}
`);

const run = async (source: string, action?: string) => {
  const finished = await cli(['run', '--json', file(source, action)]);
  const { lines, summary } = jsonLines(finished);
  const output = lines.filter(({ type }) => type === 'output').map(({ line }) => String(line));
  return { finished, summary, problems: lines.filter(({ type }) => type === 'problem'), lines, output };
};

describe.concurrent('results of a custom function', () => {
  test('a returned action is performed', async () => {
    const { summary } = await run(`function f() { return { name: 'submit', label: 'more' }; }`);
    expect(summary.groups.more?.count.success).toBe(2);
  });

  test('several actions of an async arrow function are performed', async () => {
    const { summary } = await run(
      `const f = async () => [{ name: 'submit', label: 'more', value: 1 }, { name: 'submit', label: 'more' }];`,
    );
    expect(summary.groups.more?.count.success).toBe(3);
  });

  test('a returned rule is active from then on', async () => {
    const { summary, lines } = await run(`export function f() {
  return [
    { trigger: 'metric', name: 'count.more.success', when: '>= 2', action: { name: 'terminate' } },
    { name: 'submit', label: 'more' },
  ];
}`);
    expect(summary.end).toBe('terminated');
    expect(lines.find(({ action }) => action === 'terminate')).toMatchObject({ rule: 2 });
  });

  test('a function that rules do not name is not called', async () => {
    const { output, problems } = await run(`const f = () => [
  { name: 'custom', label: 'g' }, { name: 'custom', label: 'h' }, { name: 'custom', label: 'fetch' },
];
function g() { console.log('g'); }
export { g as h };`);
    expect(output).toEqual(['g', 'g']);
    expect(problems).toMatchObject([
      { message: "rule 'once' (rules[1]): custom function 'fetch' failed: it is not defined" },
    ]);
  });

  test('a rule on heartbeats is refused in a run without heartbeats', async () => {
    const { problems } = await run(
      `const f = () => ({ trigger: 'heartbeat', action: { name: 'terminate' } });`,
    );
    expect(problems).toMatchObject([
      { message: expect.stringContaining('trigger: the run has no heartbeats') },
    ]);
  });

  test('a function may return nothing', async () => {
    for (const nothing of ['', 'return null;', 'return [];']) {
      const { problems, summary } = await run(`function f() { ${nothing} }`);
      expect(problems).toEqual([]);
      expect(summary.end).toBe('idle');
    }
  });

  test('an invalid action is reported with rule and function', async () => {
    const { problems, finished } = await run(`function f() { return { name: 'submit', label: 'mroe' }; }`);
    expect(finished.status).toBe(0);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ code: 'ERR_CUSTOM' });
    expect(problems[0]?.message).toContain("rule 'once' (rules[1]): custom function 'f' returned");
    expect(problems[0]?.message).toContain("unknown job group 'mroe'; did you mean 'more'?");
    expect((await run('function f() { return 42; }')).problems).toHaveLength(1);
  });
});

describe.concurrent('arguments of a custom function', () => {
  test('a function receives metrics, event, rule, action, firing and handle', async () => {
    const { output } = await run(
      `function f({ metrics, event, rule, action, firing, handle }) {
  console.error(JSON.stringify({
    finished: metrics.get('count.once.finished'), mean: typeof metrics.get('mean.once-duration'),
    none: metrics.get('mean.more-duration'), group: metrics.groups.get('once').count.submitted,
    event: event.name, status: event.context.status, id: typeof event.id, of: event.group,
    title: rule.title, label: action.label, value: action.value, trigger: firing.trigger, member: handle.member,
  }));
}`,
      ', value: seven',
    );
    expect(JSON.parse(output.join())).toEqual({
      finished: 1,
      mean: 'number',
      none: null,
      group: 1,
      event: 'finish',
      status: 0,
      id: 'bigint',
      of: 'once',
      title: 'once',
      label: 'f',
      value: 'seven',
      trigger: 'job-finish',
      member: 'local',
    });
  });

  test('the handle lists and cancels active jobs', async () => {
    const { output, summary } = await run(`async function f({ handle }) {
  const before = await handle.activeJobs('more');
  const canceled = await handle.cancel(before);
  console.log(before.constructor.name, before.length, canceled, (await handle.activeJobs()).length);
}`);
    expect([output, summary.end]).toEqual([['BigUint64Array 0 0 0'], 'idle']);
  });

  test('the handle ends the run', async () => {
    const { summary } = await run('function f({ handle }) { handle.terminate(); }');
    expect(summary.end).toBe('terminated');
  });
});

describe.concurrent('output of a custom function', () => {
  test('every printed line is output in order, and none is lost at the end', async () => {
    const { output } = await run(
      `function f() { console.log('one\\ntwo'); console.error('three'); console.log({ a: 1 }); }`,
    );
    expect(output).toEqual(['one', 'two', 'three', '{ a: 1 }']);
  });
});

describe.concurrent('failures of a custom function', () => {
  test('a throw or a rejection is reported, and the run continues', async () => {
    for (const how of ["throw new Error('oh no')", "return Promise.reject(new Error('oh no'))"]) {
      const { problems, finished, summary } = await run(`function f() { ${how}; }`);
      expect(finished.status).toBe(0);
      expect(summary.end).toBe('idle');
      expect(problems).toHaveLength(1);
      expect(problems[0]).toMatchObject({ code: 'ERR_CUSTOM' });
      expect(problems[0]?.message).toContain("custom function 'f' failed: oh no");
    }
  });

  test('a failure ends the run where the rule has onError: stop', async () => {
    const { finished, summary } = await run(`function f() { throw new Error('oh no'); }`, ', onError: stop');
    expect(finished.status).toBe(1);
    expect(summary).toMatchObject({ end: 'stopped', error: { code: 'ERR_CUSTOM' } });
  });

  test('a function that exceeds its timeout fails', async () => {
    const { problems, finished } = await run(
      'function f() { return new Promise(() => {}); }',
      ', timeout: 0.2',
    );
    expect(finished.status).toBe(0);
    expect(problems[0]).toMatchObject({ code: 'ERR_CUSTOM_TIMEOUT' });
    expect(problems[0]?.message).toContain('did not answer within 0.2 s');
  });

  test('a function that never yields fails without delaying other work', async () => {
    const path = ensembleFile(`jobs:
  - {name: a, command: 'true', count: 3}
  - {name: b, command: 'true'}
rules:
  - {trigger: start, action: {name: submit, label: a}}
  - {trigger: job-finish, name: a, action: {name: custom, label: f, repetitions: 3, timeout: 1}}
custom: |
  let calls = 0;
  function f({ metrics }) {
    if (metrics.get('count.a.finished') === 3) for (;;) calls++;
    return { name: 'submit', label: 'b' };
  }
`);
    const { lines, summary } = jsonLines(await cli(['run', '--json', path]));
    const problems = lines.filter(({ type }) => type === 'problem');
    expect(problems.map(({ code }) => code)).toEqual(['ERR_CUSTOM_TIMEOUT']);
    expect(summary.end).toBe('idle');
    expect(summary.groups.b?.count.submitted).toBe(2);
  });

  test('the call after a killed process has a new process', async () => {
    const path = ensembleFile(`jobs:
  - {name: a, command: sleep 1}
  - {name: b, command: 'true', count: 2}
rules:
  - {trigger: start, action: {name: submit, label: b}}
  - {trigger: start, action: {name: submit, label: a}}
  - {trigger: job-finish, name: b, action: {name: custom, label: f, timeout: 0.2}}
  - {trigger: job-finish, name: a, action: {name: custom, label: g}}
custom: |
  globalThis.since = 'the beginning';
  const f = () => { globalThis.since = 'f'; for (;;); };
  const g = () => { console.error('since', globalThis.since); };
`);
    const { lines } = jsonLines(await cli(['run', '--json', path]));
    expect(lines).toContainEqual({ type: 'output', line: 'since the beginning' });
  });

  test('the end of its process or an uncaught error fails the call', async () => {
    for (const [how, message] of [
      ['process.exit(7)', 'its process ended (exit status 7)'],
      ["setTimeout(() => { throw new Error('later') }); return new Promise(() => {})", 'later'],
    ]) {
      const { problems, finished, summary } = await run(`function f() { ${how}; }`);
      expect([finished.status, summary.end]).toEqual([0, 'idle']);
      expect(problems).toMatchObject([
        { code: 'ERR_CUSTOM', message: expect.stringContaining(message as string) },
      ]);
    }
  });

  test("a result that can't be copied fails the call", async () => {
    const { problems } = await run('function f() { return () => {}; }');
    expect(problems).toMatchObject([{ message: expect.stringContaining('could not be cloned') }]);
  });

  test('a function that calls itself without end is stopped', async () => {
    const { problems } = await run(`const f = () => ({ name: 'custom', label: 'f' });`);
    expect(problems).toHaveLength(1);
    expect(problems[0]?.message).toContain('is it a loop?');
  });
});

describe.concurrent('sources of custom functions', () => {
  const withCustom = (custom: string, folder = newFolder()) =>
    ensembleFile(
      `jobs: [{name: a, command: 'true'}, {name: b, command: 'true'}]
rules:
  - trigger: start
    action: {name: submit, label: a}
  - trigger: job-finish
    name: a
    action: {name: custom, label: next}
custom: ${custom}
`,
      folder,
    );

  test.each([
    ['./actions.mjs', 'actions.mjs', `export const next = () => ({ name: 'submit', label: 'b' });`],
    ['{file: actions.cjs}', 'actions.cjs', `exports.next = () => ({ name: 'submit', label: 'b' });`],
    [
      './actions.mts',
      'actions.mts',
      `enum Group { B = 'b' }
export const next = (_: unknown): { name: string; label: Group } => ({ name: 'submit', label: Group.B });`,
    ],
  ])('a module next to the file is loaded: %s', async (custom, name, source) => {
    const folder = newFolder();
    writeFileSync(join(folder, name), source);
    const { summary } = jsonLines(await cli(['run', '--json', withCustom(custom, folder)]));
    expect(summary.groups.b?.count.success).toBe(1);
  });

  test('a missing module, a missing function and a syntax error are reported before the run', async () => {
    const missing = await cli(['run', withCustom('./nowhere.mjs')]);
    expect(missing.status).toBe(2);
    expect(missing.stderr).toContain('nowhere.mjs');
    const misspelt = await cli(['run', withCustom('|\n  function nxet() {}')]);
    expect(misspelt.status).toBe(2);
    expect(misspelt.stderr).toContain(
      "rules[1].action.label: the file's custom block has no function 'next'",
    );
    const broken = await cli(['validate', withCustom('|\n  function next( {')]);
    expect(broken.status).toBe(2);
    expect(broken.stdout).toContain('SyntaxError');
  });

  test('an error shows its line of the YAML file', async () => {
    const { output } = await run(`
function f() {
  console.error(new Error('where').stack.split('\\n')[1]);
}`);
    // The block begins in line 11 of the file, and the call is in its fourth line... counted from its first.
    expect(output.join()).toMatch(/:13:\d+\)?/);
  });
});
