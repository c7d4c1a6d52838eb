import { describe, expect, test } from 'vitest';
import { diagnose, read } from '../../support/config.js';

/** A group whose jobs tell values, and a rule about them. */
const study = (tell: string, rule = '{trigger: job-tell, name: melt, action: {name: terminate}}') => `jobs:
  - {name: melt, command: 'true', tell: ${tell}}
  - {name: melt, command: 'false', tell: [energy]}
  - {name: plot, command: 'true'}
rules:
  - ${rule}
  - {trigger: start, action: {name: exec, command: submits-the-first}}
`;
const messages = (...given: Parameters<typeof study>) =>
  diagnose(study(...given)).map(({ message }) => message);

describe('tell', () => {
  test('is a list of numbers, or a mapping; entries of a group join theirs', () => {
    const tellsOf = (tell: string) => read(study(tell)).config.groups.get('melt')?.tells;
    expect(tellsOf('[loss]')).toEqual({ numbers: ['loss', 'energy'], texts: [] });
    expect(tellsOf('{energy: number, phase: text}')).toEqual({ numbers: ['energy'], texts: ['phase'] });
  });

  test.each([
    ['{trigger: metric, when: max.melt-energy > 7, action: {name: terminate}}'],
    [
      '{trigger: job-tell, when: event.tell.energy > 7 and event.tell.phase == "hot", action: {name: terminate}}',
    ],
    [
      '{trigger: job-tell, name: melt, action: {name: exec, command: "echo {{event.tell.phase}}", repetitions: 9}}',
    ],
  ])('names what rules may use: %s', (rule) => {
    expect(messages('{energy: number, phase: text}', rule)).toEqual([]);
  });

  test.each([
    ['[duration]', "'duration' already is a variable of the group"],
    ['[e-e]', "'e-e': such a name has only letters, digits and _"],
    ['{energy: text}', "'energy' is a number in one entry of the group and a text in another"],
    ['[uri]', "'uri' is a memo of Flux's own; use another name"],
    ['{energy: int}', 'must be a list of names of numbers, or a mapping of names to number or text'],
  ])('refuses %s', (tell, message) => {
    expect(messages(tell).join('\n')).toContain(message);
  });

  test.each([
    [
      '{trigger: job-tell, when: event.tell.enrgy > 7, action: {name: terminate}}',
      "no job tells 'enrgy'; did you mean 'energy'?",
    ],
    [
      '{trigger: job-tell, when: event.tell.energy == "a", action: {name: terminate}}',
      "'==' can't compare a number with a text",
    ],
    [
      '{trigger: metric, when: event.tell.energy > 7, action: {name: terminate}}',
      'event.tell.energy is known only to rules on events of jobs (job-...)',
    ],
    [
      '{trigger: job-tell, name: plot, action: {name: terminate}}',
      "the job group 'plot' does not have values that jobs tell: add 'tell: [energy]' to its jobs",
    ],
  ])('the rule %s is refused', (rule, message) => {
    expect(messages('[energy]', rule).join('\n')).toContain(message);
  });

  test('values of tests have the kind of the name', () => {
    const given = (tell: string) =>
      diagnose(`${study('{phase: text}')}tests:
  - {name: t, jobs: {melt: {duration: 1s, tell: ${tell}}}, expect: {end: idle}}
`).map(({ message }) => message);
    expect(given('{energy: [1, 2], phase: hot}')).toEqual([]);
    expect(given('{energy: hot}')).toEqual(["'energy' is a number; found the string 'hot'"]);
    expect(given('{phase: 3}')).toEqual(["'phase' is a text; found the number 3"]);
    expect(given('{enrgy: 3}')).toEqual(["the jobs of 'melt' do not tell 'enrgy'; did you mean 'energy'?"]);
  });
});
