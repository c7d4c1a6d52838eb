import { describe, expect, test } from 'vitest';
import { changesOf, readVersion } from '../../../src/config/changes.js';

const FILE = `logging: {heartbeat: 30}
states: [explore, refine]
jobs:
  - name: melt
    command: sh melt.sh {{T}}
    parameters: {T: {from: 300, to: 500, step: 50}}
  - {name: cool, command: "true", count: 3}
  - {name: cool, command: "sleep 1"}
rules:
  - {trigger: start, action: {name: submit, label: melt}}
  - {trigger: metric, name: count.melt.success, when: 8, action: {name: submit, label: cool, goto: refine}}
  - {name: give up, trigger: metric, when: count.melt.failed > 3, action: {name: terminate}}
tests:
  - {name: eight, jobs: {melt: {duration: 1s}}, expect: {state: refine}}
`;

/** The changes in the text, each on a line. */
function shown(change: (text: string) => string, text = FILE): string[] {
  const after = change(text);
  expect(after).not.toBe(text);
  return changesOf(readVersion(text, null), readVersion(after, null)).map(
    ({ how, what, details, refusal }) =>
      `${how} ${what}${details.map((detail) => ` | ${detail}`).join('')}${refusal === null ? '' : ' !'}`,
  );
}

const replace = (found: string | RegExp, by: string) => (text: string) => text.replace(found, by);

describe('changes of a file', () => {
  test('comments, layout, order of keys and written defaults do not count', () => {
    expect(shown((text) => `# a comment\n\n${text}`)).toEqual([]);
    expect(shown(replace('command: "true", count: 3', "count: 3, command: 'true'"))).toEqual([]);
    expect(shown(replace('label: melt}}', 'label: melt, repetitions: 1}}'))).toEqual([]);
    expect(shown(replace('heartbeat: 30', 'heartbeat: 30s'))).toEqual([]);
  });

  test('of groups', () => {
    expect(shown(replace('to: 500', 'to: 600'))).toEqual([
      'changed group melt | parameters.T.to: 500 -> 600 !',
    ]);
    expect(shown(replace('"sleep 1"}', '"sleep 1", nodes: 2}'))).toEqual([
      'changed group cool | jobs[1].nodes: 2 (new) !',
    ]);
    expect(shown(replace('rules:', '  - {name: late, command: "true"}\nrules:'))).toEqual([
      'added group late',
    ]);
    expect(shown(replace('jobs:', 'jobs:\n  - {name: first, command: "true"}'))).toEqual([
      'added group first',
    ]);
    const removed = shown((text) =>
      text.replace(/ {2}- \{name: cool.*\n/g, '').replace('label: cool', 'label: melt'),
    );
    expect(removed).toEqual([
      'removed group cool !',
      'changed rules[1] (count.melt.success) | action.label: cool -> melt !',
    ]);
  });

  test('of rules', () => {
    const rule = '  - {trigger: job-fail, name: cool, action: {name: submit, label: cool}}\n';
    expect(shown(replace('tests:', `${rule}tests:`))).toEqual(['added rules[3] (cool)']);
    expect(shown(replace('rules:\n', `rules:\n${rule}`))).toEqual(['added rules[0] (cool) !']);
    expect(shown(replace('> 3', '> 5'))).toEqual([
      'changed rules[2] (give up) | when: count.melt.failed > 3 -> count.melt.failed > 5 !',
    ]);
    expect(shown(replace(/ {2}- \{name: give up.*\n/, ''))).toEqual(['removed rules[2] (give up) !']);
    // In place of another rule, and one more.
    expect(shown(replace(/ {2}- \{name: give up.*\n/, rule + rule))).toEqual([
      expect.stringMatching(/^changed rules\[2\] \(give up\) \| name: give up -> cool.* !$/),
      'added rules[3] (cool) !',
    ]);
    // Rules that were exchanged.
    const swapped = shown(replace(/( {2}- \{trigger: start.*\n)( {2}- \{trigger: metric.*\n)/, '$2$1'));
    expect(swapped.every((line) => line.endsWith(' !'))).toBe(true);
    expect(swapped.length).toBeGreaterThan(0);
  });

  test('of rules that come from another file', () => {
    const text = `${FILE}use:\n  - {algorithm: replace-failures, with: {group: melt, budget: 3}}\n`;
    const rule = '  - {trigger: job-fail, name: cool, action: {name: submit, label: cool}}\n';
    expect(shown(replace('tests:', `${rule}tests:`), text)).toEqual(['added rules[3] (cool) !']);
    expect(shown(replace('budget: 3', 'budget: 4'), text)).toEqual([
      'changed rules[3] (melt, of replace-failures) | use[0].with.budget: 3 -> 4 !',
      'changed rules[4] (count.melt.failed, of replace-failures) | use[0].with.budget: 3 -> 4 !',
    ]);
    expect(shown((before) => before.replace(/use:.*$/s, ''), text)).toEqual([
      expect.stringMatching(/^removed rules\[3\] .*, of replace-failures\) !$/),
      expect.stringMatching(/^removed rules\[4\] .*, of replace-failures\) !$/),
    ]);
  });

  test('of settings', () => {
    expect(shown(replace('[explore, refine]', '[explore, refine, end]'))).toEqual([
      'changed states | states: [explore, refine] -> [explore, refine, end] !',
    ]);
    expect(shown(replace('heartbeat: 30', 'heartbeat: 60'))).toEqual([
      'changed logging.heartbeat | logging.heartbeat: 30 -> 60 !',
    ]);
    expect(shown(replace('{heartbeat: 30}', '{heartbeat: 30, debug: true}'))).toEqual([
      'changed logging.debug | logging.debug: true (new)',
    ]);
    const withoutHeartbeat = FILE.replace('heartbeat: 30', 'debug: false');
    const rule = '  - {trigger: heartbeat, action: {name: submit, label: cool}}\n';
    expect(shown(replace('tests:', `${rule}tests:`), withoutHeartbeat)).toEqual([
      'added rules[3] (heartbeat)',
      'changed logging.heartbeat | 0 -> 60 !',
    ]);
  });

  test('of tests', () => {
    expect(shown(replace('name: eight', 'name: nine'))).toEqual(['removed test eight', 'added test nine']);
    expect(shown(replace('duration: 1s', 'duration: 2s'))).toEqual([
      'changed test eight | jobs.melt.duration: 1s -> 2s',
    ]);
  });
});
