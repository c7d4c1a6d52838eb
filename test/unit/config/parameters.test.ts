import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JobEntry } from '../../../src/model/ensemble.js';
import { diagnose, pathsOf, read, single, withJob, withRules } from '../../support/config.js';

const entries = (job: object): readonly JobEntry[] =>
  read(withJob(job)).config.groups.get('a')?.entries as readonly JobEntry[];
const commands = (job: object) => entries(job).map(({ command }) => command.slice(1).join('|'));

describe('parameters', () => {
  test('make one job of every row, with all tags filled in', () => {
    const [first, , third] = entries({
      command: 'sim -T {{t}} "{{what}}" {{ what }}{{group}}',
      parameters: { t: [300, 400], what: ['a b', 'c'], n: { from: 2, to: 4, step: 2 } },
      count: 3,
      nodes: '{{n}}',
      tasks: '{{n}}0',
      duration: '{{t}}.5',
      workdir: '/tmp/{{t}}',
      environment: { T: '{{t}} K' },
      output: '{{t}}-{{id}}.out',
      queue: 'q{{n}}',
      attributes: { system: { x: '{{n}}', y: ['{{t}} K'], shell: '{{taskid}}' } },
    });
    expect(first).toMatchObject({
      command: ['sim', '-T', '300', 'a b', 'a ba'],
      commandText: "sim -T 300 'a b' 'a ba'",
      count: 3,
      nodes: 2,
      tasks: 20,
      duration: 300.5,
      workdir: '/tmp/300',
      environment: { T: '300 K' },
      output: '300-{{id}}.out',
      queue: 'q2',
      attributes: { system: { x: 2, y: ['300 K'], shell: '{{taskid}}' } },
      entry: 0,
      parameters: { t: 300, what: 'a b', n: 2 },
      values: null,
      late: false,
    });
    expect(third).toMatchObject({ entry: 2, parameters: { t: 300, what: 'c', n: 2 } });
    expect(read(withJob({ parameters: { t: [1, 2] }, count: 3 })).config.groups.get('a')?.count).toBe(6);
  });

  test('are lists, ranges, single values, rows or distributions', () => {
    expect(commands({ command: 'x {{a}} {{b}}', parameters: { a: [1, 2], b: 'y' } })).toEqual(['1|y', '2|y']);
    expect(
      commands({
        command: 'x {{a}} {{b}}',
        parameters: [
          { a: 1, b: 5 },
          { b: 6, a: true },
        ],
      }),
    ).toEqual(['1|5', 'true|6']);
    expect(
      commands({ command: 'x {{a}}', parameters: { a: { from: 1, to: 100, count: 3, scale: 'log' } } }),
    ).toEqual(['1', '10', '100']);
    const drawn = {
      command: 'x {{a}} {{b}}',
      parameters: { b: [1, 2], a: { integer: [1, 1e6] } },
      samples: 2,
    };
    expect(commands(drawn)).toEqual(commands(drawn));
    expect(commands(drawn).map((line) => line.split('|')[1])).toEqual(['1', '1', '2', '2']);
    expect(commands({ ...drawn, seed: 1 })).not.toEqual(commands(drawn));
  });

  test('follow a design', () => {
    const drawn = { command: 'x {{a}}', parameters: { a: { integer: [0, 7] } }, samples: 8 };
    for (const design of ['lhs', 'halton', 'sobol']) {
      expect(commands({ ...drawn, design }).sort(), design).toEqual(['0', '1', '2', '3', '4', '5', '6', '7']);
    }
    expect(new Set(commands({ ...drawn, design: 'random' })).size).toBeLessThan(8);
    expect(commands(drawn)).toEqual(commands({ ...drawn, design: 'random' }));
  });

  test('wait for the firing when a tag needs it', () => {
    const [entry] = entries({
      command: 'x {{a}} {{index}} {{event.context.note}} {{metrics.count.a.failed}} {{job.parameters.a}}',
      parameters: { a: 1 },
      nodes: '{{event.status}}',
    });
    expect(entry).toMatchObject({ late: true, nodes: 1, parameters: { a: 1 } });
    expect(entry?.commandText).toContain('x 1 {{index}} {{event.context.note}}');
  });

  test('have as many rows as the lists have combinations', () => {
    const list = fc.array(fc.integer({ min: 0, max: 99 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(list, list, fc.integer({ min: 1, max: 4 }), (a, b, samples) => {
        const rows = entries({
          command: 'x {{a}} {{b}} {{c}}',
          parameters: { a, b, c: { uniform: [0, 1] } },
          samples,
        });
        expect(rows.map(({ entry }) => entry)).toEqual(rows.map((_, index) => index));
        expect(rows.map(({ command }) => [command[1], command[2]])).toEqual(
          a.flatMap((x) => b.flatMap((y) => Array(samples).fill([String(x), String(y)]))),
        );
      }),
      { numRuns: 50 },
    );
  });
});

describe('a mistake in parameters', () => {
  test.each([
    ['{{temprature}}', "unknown name '{{temprature}}'; did you mean 'temperature'?"],
    ['{{event.nam}}', "did you mean 'event.name'?"],
    ['{{metrics.meen.a-duration}}', "unknown statistic 'meen'; did you mean 'mean'?"],
    ['{{job.parameters.temp}}', "unknown name '{{job.parameters.temp}}'"],
    ["'{{.Names}}'", 'write {{=<% %>=}} in front'],
    ['{{#temperature}}x{{/temperature}}', "can't be used here"],
    ['{{temperature}', 'is not closed by }}'],
  ])('is reported: %s', (tag, message) => {
    expect(single(withJob({ command: `x ${tag}`, parameters: { temperature: [1] } }))).toContain(
      `jobs[0].command ${message.startsWith('nothing') ? message : ''}`.trimEnd(),
    );
    expect(single(withJob({ command: `x ${tag}`, parameters: { temperature: [1] } }))).toContain(message);
  });

  test('is reported with its place', () => {
    const text = [
      'jobs:',
      '  - name: a',
      '    command: sim {{x}}',
      '    parameters: {x: {from: 0, to: 1, step: -1}}',
      'rules:',
      '  - {trigger: start, action: {name: submit, label: a, parameters: {y: 1}}}',
    ].join('\n');
    expect(diagnose(text).map(({ line, column, path }) => `${line}:${column} ${path}`)).toEqual([
      '4:44 jobs[0].parameters.x.step',
      '6:68 rules[0].action.parameters.y',
    ]);
  });

  test.each([
    [{ x: { from: 1 } }, 'x', "'to' is missing"],
    [{ x: { from: 1, to: 2 } }, 'x', "a range needs 'step' or 'count'"],
    [{ x: { from: 1, to: 2, step: 1, count: 2 } }, 'x', 'not both'],
    [{ x: { from: 1, to: 2, step: 0 } }, 'x.step', 'must not be 0'],
    [{ x: { from: 0, to: 2, count: 2, scale: 'log' } }, 'x.scale', 'above 0'],
    [{ x: { from: 0, to: 1, step: 1e-10 } }, 'x', '2147483647 at most'],
    [{ x: { uniform: [2, 1] } }, 'x.uniform', 'write the smaller one first'],
    [{ x: { uniform: [1] } }, 'x.uniform', 'a list of two numbers'],
    [{ x: { loguniform: [0, 1] } }, 'x.loguniform', 'above 0'],
    [{ x: { integer: [0, 1.5] } }, 'x.integer', 'whole numbers'],
    [{ x: { normal: [0, -1] } }, 'x.normal', 'must be 0 or more'],
    [{ x: { uniform: [0, 1], from: 1 } }, 'x', 'only one distribution'],
    [{ x: { unifrom: [0, 1] } }, 'x.unifrom', "did you mean 'uniform'?"],
    [{ x: [] }, 'x', 'must not be empty'],
    [{ x: null }, 'x', 'a value, a list of values, a range or a distribution'],
    [{ 'a b': 1 }, '["a b"]', 'is not a valid name of a parameter'],
    [{ index: 1 }, 'index', 'means something else'],
  ])('%j is refused', (parameters, path, message) => {
    const told = single(withJob({ parameters }));
    expect(told).toContain(message);
    expect(told).toContain(`jobs[0].parameters${path.startsWith('[') ? path : `.${path}`}`);
  });

  test('is reported in a design', () => {
    const parameters = { x: { uniform: [0, 1] } };
    expect(single(withJob({ parameters, design: 'sobel' }))).toContain(
      "jobs[0].design must be one of random, lhs, halton, sobol; found the string 'sobel'",
    );
    const samples = 1e7;
    expect(single(withJob({ parameters, design: 'lhs', samples }))).toContain(
      'jobs[0].design a Latin hypercube is kept in memory: 10000000 samples of 1 parameters are 10000000 values',
    );
    const many = Object.fromEntries(Array.from({ length: 1001 }, (_, i) => [`x${i}`, { uniform: [0, 1] }]));
    expect(single(withJob({ parameters: many, design: 'sobol' }))).toContain(
      'jobs[0].design a Sobol sequence has at most 1000 dimensions; 1001 parameters are drawn',
    );
    expect(single(withJob({ parameters: { x: [1, 2] }, design: 'lhs' }))).toContain(
      'jobs[0].design ignored: no parameter is drawn',
    );
  });

  test('is reported in rows, in numbers and in results', () => {
    expect(pathsOf(withJob({ parameters: [{ a: 1 }, { b: 2 }] }))).toEqual([
      'jobs[0].parameters[1]',
      'jobs[0].parameters[1].b',
    ]);
    expect(single(withJob({ nodes: '{{n}}', parameters: { n: [1, 2, 'x'] } }))).toContain(
      "jobs[0].nodes must be an integer from 0 to 2147483647; {{n}} is the string 'x' (n=x)",
    );
    expect(single(withJob({ cores: '{{n}}', parameters: { n: 0 } }))).toContain('jobs[0].cores must be');
    expect(single(withJob({ nodes: '3' }))).toContain('or a template');
    expect(single(withJob({ command: '{{p}} x', parameters: { p: '' } }))).toContain(
      'is empty after its tags are filled in',
    );
    const many = { from: 1, to: 1e5, step: 1 };
    expect(single(withJob({ parameters: { a: many, b: many } }))).toContain(
      '10000000000 rows; 2147483647 at most',
    );
    expect(pathsOf(withJob({ seed: 1, parameters: { a: 1 } }))).toEqual(['jobs[0].seed?']);
  });

  test('is reported in an action', () => {
    const submit = (parameters: object) => ({ name: 'submit', label: 'sleep', parameters });
    expect(single(withRules({ trigger: 'start', action: submit({ n: 1 }) }))).toContain(
      "group 'sleep' has no parameter 'n'; it has no parameters",
    );
    expect(
      pathsOf(withRules({ trigger: 'start', action: { name: 'terminate', parameters: { a: 1 } } })),
    ).toEqual(['rules[0].action.parameters?']);
  });
});
