import { describe, expect, test } from 'vitest';
import { diagnose, read } from '../../support/config.js';

/** A group with a search. `job` has the other keys of its entry. */
const study = (ask: string, job = 'tell: [loss]', more = '') => `jobs:
  - name: train
    command: train {{x}} {{group}} {{id}}
    ${job}
    ask: ${ask}
rules:
  - {trigger: start, action: {name: submit, label: train}}
${more}`;
const askOf = (...given: Parameters<typeof study>) =>
  read(study(...given), '/studies/a.yaml').config.groups.get('train')?.ask;
const messages = (...given: Parameters<typeof study>) =>
  diagnose(study(...given)).map(({ message }) => message);

describe('ask', () => {
  test('has defaults, and its optimizer stands beside the file', () => {
    expect(askOf('{python: ./search.py}')).toEqual({
      optimizer: { kind: 'python', path: '/studies/search.py', name: null },
      title: './search.py',
      options: {},
      names: null,
      needed: ['x'],
      constants: {},
      space: {},
      objective: 'loss',
      direction: 'minimize',
      inFlight: 1,
      ahead: 0,
      rows: null,
      until: null,
      seed: 0,
      timeout: 60,
    });
    expect(askOf('{command: "./search --fast", inFlight: 16}')).toMatchObject({
      optimizer: { kind: 'command', words: ['./search', '--fast'] },
      ahead: 4,
    });
  });

  test('parameters are names or ranges, and those with one value are constants', () => {
    expect(
      askOf('{python: s.py}', '{tell: [loss], parameters: [x, y]}'.slice(1, -1).replace(', p', '\n    p')),
    ).toMatchObject({
      names: ['x', 'y'],
      space: {},
    });
    const ranges = 'tell: [loss]\n    parameters: {x: {uniform: [0, 1]}, mode: [a, b], nodes: 2}';
    expect(askOf('{optuna: {sampler: random, direction: maximize}}', ranges)).toMatchObject({
      optimizer: { kind: 'optuna', sampler: 'random' },
      names: ['x', 'mode', 'nodes'],
      constants: { nodes: 2 },
      space: { x: { uniform: [0, 1] }, mode: ['a', 'b'] },
      direction: 'maximize',
    });
  });

  test('until and rules may name the best objective', () => {
    const rule = '  - {trigger: metric, when: best.train.loss < 1, action: {name: terminate}}\n';
    expect(
      askOf('{python: s.py, until: count.train.success > 9 or best.train.loss < 0.1}', 'tell: [loss]', rule)
        ?.until?.text,
    ).toBe('count.train.success > 9 or best.train.loss < 0.1');
  });

  test.each([
    ['{inFlight: 2}', 'the optimizer is missing: write python, javascript, command or optuna'],
    ['{python: a.py, command: b}', 'has python and command; write only one optimizer'],
    ['{python: a.js}', 'must be a Python file (.py)'],
    ['{python: a.py, objective: los}', "the group has no value 'los'; did you mean 'loss'?"],
    [
      '{python: a.py, until: best.train.accuracy > 1}',
      "the search of 'train' optimizes 'loss'; write best.train.loss",
    ],
    ['{python: a.py, until: 1 > 2}', 'names no metric, so the search would never end'],
    ['{python: a.py, inflight: 3}', "unknown key 'inflight'; use 'inFlight'"],
    ['{optuna: {sampler: tpe}}', "'parameters' is missing: write the ranges that Optuna searches"],
    ['{optuna: {storage: a.db}}', "must be 'none': the log of the run keeps the search"],
    ['{optuna: {direction: maximize}, direction: minimize}', "'direction' of 'ask' is minimize"],
  ])('refuses %s', (ask, message) => {
    expect(messages(ask).join('\n')).toContain(message);
  });

  test.each([
    ['tell: [loss, time]', "'objective' is missing: name the value to optimize; there are loss and time"],
    [
      'count: 1',
      "'objective' is missing: name the value to optimize; a job tells values by 'tell', or name duration",
    ],
    ['tell: [objective]', "'objective' can't be the name of a value in a group with 'ask'"],
    ['tell: [loss]\n    count: 2', 'each row of a search has one job'],
    ['tell: [loss]\n    parameters: [{x: 1}]', 'write the names of the parameters, or their ranges'],
    ['tell: [loss]\n    parameters: [y]', "unknown name '{{x}}'; the parameters are y"],
    ['tell: [loss]\n    parameters: [index, x]', "'index' can't be the name of a parameter"],
  ])('refuses an entry with %j', (job, message) => {
    expect(messages('{python: a.py}', job).join('\n')).toContain(message);
  });

  test('names of columns and the best row need it', () => {
    const text = study('{python: a.py}').replace(/ {4}ask.*\n/, '    parameters: [x]\n');
    expect(diagnose(text)[0]?.message).toContain("only an entry with 'ask' has these");
    const rule = '  - {trigger: metric, when: best.plot.loss < 1, action: {name: terminate}}\n';
    const found = study('{python: a.py}', 'tell: [loss]', rule).replace(
      'jobs:',
      'jobs:\n  - {name: plot, command: plot}',
    );
    expect(
      diagnose(found)
        .map(({ message }) => message)
        .join(),
    ).toContain("group 'plot' has no search (ask)");
  });
});
