/** Expressions, time and states, as a user has them: real jobs, short times, and no word of how long it took. */

import { describe, expect, test } from 'vitest';
import { cli, ensembleFile, jsonLines } from '../support/cli.js';

async function run(yaml: string, ...options: string[]) {
  const finished = await cli(['run', '--json', ...options, ensembleFile(yaml)]);
  const { lines, summary } = jsonLines(finished);
  const firings = lines.filter(({ type }) => type === 'firing');
  return {
    summary: summary as unknown as { end: string; state: string | null },
    firings,
    steps: firings.map(({ name, state, goto }) => `${name} in ${state}${goto === null ? '' : ` to ${goto}`}`),
    problems: lines.filter(({ type }) => type === 'problem').map(({ message }) => message),
    groups: summary.groups,
  };
}

describe('states', () => {
  test('rules change states, and every line of output shows its state', async () => {
    const { steps, summary, groups } = await run(`
states: [explore, refine, done]
jobs:
  - {name: a, command: 'true', count: 3}
  - {name: b, command: sh -c "exit 3"}
rules:
  - {trigger: start, action: {name: submit, label: a}}
  - trigger: metric
    name: enough
    when: count.a.success >= 3 and mean.a-duration < 1h
    in: explore
    action: {name: submit, label: b, goto: refine}
  - {trigger: job-fail, name: b, when: event.status == 4, action: {name: terminate}}
  - {trigger: job-fail, name: b, when: event.status == 3 and state == "refine", action: {goto: done}}
  - {trigger: state, name: done, for: 200ms, action: {name: terminate}}
`);
    expect(steps).toEqual([
      'start in explore',
      'enough in explore to refine',
      'b in refine to done',
      'done in done',
    ]);
    expect(summary).toMatchObject({ end: 'terminated', state: 'done' });
    expect(groups.b?.count.failed).toBe(1);
  });

  test('functions in both languages and programs read and change the state', async () => {
    const functions = {
      javascript:
        'function look({ metrics, firing }) { return { goto: metrics.status.state + firing.state.length }; }',
      python: 'def look(**kwargs):\n    return Action({"goto": kwargs["metrics"].state + "1"})',
    };
    for (const [language, source] of Object.entries(functions)) {
      const { steps, problems, summary } = await run(`
states: [a, a1, a2]
jobs: [{name: j, command: 'true'}]
rules:
  - {trigger: start, action: {name: custom, label: look}}
  - {trigger: state, name: a1, when: state == "a1", action: {goto: a2}}
custom: |
${source.replace(/^/gm, '  ')}
`);
      expect([problems, steps], language).toEqual([[], ['start in a', 'a1 in a1 to a2']]);
      expect(summary.state).toBe('a2');
    }
    const program = `sh -c 'grep -q "\\"state\\":\\"a\\"" && echo "{\\"goto\\": \\"b\\"}"'`;
    const { steps, problems } = await run(`
states: [a, b]
jobs: [{name: j, command: 'true'}]
rules:
  - {trigger: start, action: {name: exec, command: ${JSON.stringify(program)}}}
  - {trigger: state, name: b, action: {name: terminate}}
`);
    expect([problems, steps]).toEqual([[], ['start in a', 'b in b']]);
  });
});

describe('rules on time', () => {
  test('time triggers rules, and the run lasts as long as one could fire', async () => {
    const { steps, summary, groups } = await run(`
jobs: [{name: a, command: 'true'}]
rules:
  - {trigger: start, action: {name: submit, label: a}}
  - {trigger: metric, name: lasting, when: count.a.finished >= 1, for: 300ms, action: {name: submit, label: a}}
  - {trigger: interval, name: never, interval: 100ms, when: count.a.finished > 100, action: {name: terminate}}
  - {trigger: interval, name: often, interval: 100ms, action: {name: submit, label: a, repetitions: 2}}
  - {trigger: cron, name: second, cron: "* * * * * *", timezone: UTC, action: {name: submit, label: a}}
`);
    expect(steps.toSorted()).toEqual([
      'lasting in null',
      'often in null',
      'often in null',
      'second in null',
      'start in null',
    ]);
    expect(summary.end).toBe('idle');
    expect(groups.a?.count.success).toBe(5);
  });

  test('a rule on its event cancels a stalled job', async () => {
    const { firings, groups, summary } = await run(`
jobs: [{name: a, command: sleep 60, stalled: 300ms}]
rules:
  - {trigger: start, action: {name: submit, label: a}}
  - {trigger: job-stalled, name: a, when: event.name == "start", action: {name: cancel}}
`);
    expect(firings[1]).toMatchObject({ trigger: 'job-stalled', event: 'start', group: 'a' });
    expect(groups.a?.count.canceled).toBe(1);
    expect(summary.end).toBe('idle');
  });

  test('rules that functions add may use states and time', async () => {
    const { steps, problems } = await run(`
states: [a, b]
jobs: [{name: j, command: 'true'}]
rules:
  - {trigger: start, action: {name: custom, label: add}}
custom: |
  function add() {
    return [
      { trigger: 'interval', interval: '50ms', in: 'a', when: 'state == "a"', action: { goto: 'b' } },
      { trigger: 'cron', cron: '* * * * * *', in: ['b'], action: { name: 'terminate' } },
    ];
  }
`);
    expect(problems).toEqual([]);
    expect(steps).toEqual(['start in a', 'every 0.05s in a to b', 'cron * * * * * * in b']);
  });
});
