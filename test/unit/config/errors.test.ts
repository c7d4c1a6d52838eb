import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../../src/config/load.js';
import { ConfigError } from '../../../src/errors.js';
import { diagnose, HELLO, pathsOf, read, single, withJob, withRules } from '../../support/config.js';

const terminate = { name: 'terminate' };

describe('errors', () => {
  test('are all reported at once, in the order of the file', () => {
    const text = `loging: {}
jobs:
  - name: sleep
    comand: sleep 1
  - name: echo
    command: echo 'hi
    urgency: 40
rules:
  - trigger: strat
    action: {name: submit, label: slep}
  - trigger: metric
    name: mean.sleep-duration
    when: "> 5s"
    action: {name: sumbit}
custom: 3
`;
    expect(diagnose(text).map(({ line, column, path }) => `${line}:${column} ${path}`)).toEqual([
      '1:1 loging',
      '4:5 jobs[0].comand',
      '6:14 jobs[1].command',
      '7:14 jobs[1].urgency',
      '9:14 rules[0].trigger',
      '10:35 rules[0].action.label',
      '13:11 rules[1].when',
      '14:20 rules[1].action.name',
      '15:9 custom',
    ]);
  });

  test('in an object are reported in its order too, without places', () => {
    const found = diagnose({ rules: [{ trigger: 'x', action: terminate }], jobs: [3, { name: '' }], zzz: 1 });
    expect(found.map(({ path }) => path)).toEqual([
      'rules[0].trigger',
      'jobs[0]',
      'jobs[1]',
      'jobs[1].name',
      'zzz',
    ]);
    expect(found.every(({ line, column, file }) => line === null && column === null && file === null)).toBe(
      true,
    );
  });

  test('are reported as one ConfigError with all messages', () => {
    const error = catchError(() =>
      parseConfig(HELLO.replace('label: sleep', 'label: slep'), { file: 'e.yaml' }),
    );
    expect(error).toBeInstanceOf(ConfigError);
    expect(error).toMatchObject({ code: 'ERR_CONFIG', diagnostics: [{ file: 'e.yaml', severity: 'error' }] });
    expect(String(error)).toContain(
      "e.yaml:11:14: error: rules[0].action.label: unknown job group 'slep'; did you mean 'sleep'?",
    );
  });
});

describe('a value of the wrong type', () => {
  test('is shown with the allowed values', () => {
    expect(single(HELLO.replace('count: 5', 'count: [1]'))).toBe(
      '6:12 jobs[0].count must be an integer from 0 to 2147483647; found a list',
    );
    expect(
      single(HELLO.replace('name: sleep', 'name: true').replace('label: sleep', 'label: echo')),
    ).toContain(
      'must be a string that is not empty; found the boolean true; put it in quotes to make it text',
    );
    expect(single(HELLO.replace('count: 5', 'count:'))).toMatch(/^6:5 jobs\[0\].count .*; found nothing$/);
    expect(single(withJob({ duration: 'x'.repeat(500) })).length).toBeLessThan(200);
  });

  test.each([
    { count: -1 },
    { count: 1.5 },
    { count: 2 ** 31 },
    { count: Number.NaN },
    { count: '2' },
    { nodes: Number.POSITIVE_INFINITY },
    { tasks: -1 },
    { duration: -1 },
    { duration: Number.POSITIVE_INFINITY },
    { cores: 0 },
    { gpus: -1 },
    { urgency: 32 },
    { queue: '' },
    { bank: 3 },
    { workdir: 3 },
    { command: '' },
    { command: 'a\0b' },
    { environment: [] },
  ])('is refused: %j', (job) => {
    expect(pathsOf(withJob(job))).toEqual([`jobs[0].${Object.keys(job)[0]}`]);
  });

  test.each([
    [{ A: null }, 'jobs[0].environment.A'],
    [{ A: {} }, 'jobs[0].environment.A'],
    [{ A: 'x\0' }, 'jobs[0].environment.A'],
    [{ 'A=B': 'x' }, 'jobs[0].environment["A=B"]'],
    [{ '': 'x' }, 'jobs[0].environment[""]'],
    [JSON.parse('{"__proto__": []}'), 'jobs[0].environment.__proto__'],
  ])('is refused in an environment: %j', (environment, path) => {
    expect(pathsOf(withJob({ environment }))).toEqual([path]);
  });

  test.each([{ heartbeat: -1 }, { heartbeat: 1e7 }, { heartbeat: 'x' }, { debug: 'maybe' }, { debug: 1 }])(
    'is refused in logging: %j',
    (logging) => {
      expect(pathsOf({ ...withRules({ trigger: 'start', action: terminate }), logging })).toEqual([
        `logging.${Object.keys(logging)[0]}`,
      ]);
    },
  );

  test.each([null, undefined, 3, 'x', [], true, () => 0])(
    'is refused in place of a whole file: %j',
    (value) => {
      if (typeof value === 'string') expect(pathsOf(value)).toEqual(['']);
      else
        expect(diagnose(value)).toMatchObject([
          { path: '', message: expect.stringContaining('must be a mapping') },
        ]);
    },
  );
});

describe('an unknown key', () => {
  test('is shown with the allowed keys and the nearest one', () => {
    expect(single({ ...withJob({}), loging: {} })).toMatch(
      /^null:null loging unknown key 'loging'; did you mean 'logging'\? \(the keys here are member, logging, .* and \w+\)$/,
    );
    expect(single({ ...withJob({}), custom: { fil: 'x' } })).toContain("did you mean 'file'?");
  });

  test('is reported once when it stands for a missing key', () => {
    expect(pathsOf(HELLO.replace('command:', 'comand:'))).toEqual(['jobs[0].comand']);
    expect(pathsOf(HELLO.replace('label:', 'lable:'))).toEqual(['rules[0].action.lable']);
    expect(pathsOf(HELLO.replace('name: submit', 'nmae: submit'))).toEqual(['rules[0].action.nmae']);
  });

  test('may have any name', () => {
    expect(pathsOf(JSON.parse('{"jobs": [], "rules": [], "__proto__": 1, "constructor": 2}'))).toEqual([
      'rules?',
      '__proto__',
      'constructor',
    ]);
  });
});

describe('a missing key', () => {
  test('is reported at its mapping', () => {
    expect(pathsOf({})).toEqual(['', '']);
    expect(pathsOf({ jobs: [{}], rules: [{}] })).toEqual(['jobs[0]', 'jobs[0]', 'rules[0]', 'rules[0]']);
    expect(single(HELLO.replace('    command: sleep 10\n', ''))).toMatch(
      /^4:5 jobs\[0\] 'command' is missing/,
    );
  });
});

describe('a command', () => {
  test.each([
    ["echo 'a", /quote that is never closed/],
    ['echo "a\\"', /quote that is never closed/],
    ['echo a\\', /lone \\/],
    ['   ', /empty/],
    ["'' a", /program, is empty/],
  ])('must not be empty: %j', (command, message) => {
    expect(single(withJob({ command }))).toMatch(message);
  });
});

describe('a template', () => {
  test('must contain known tags only', () => {
    expect(single(withJob({ output: '{{job}}' }))).toContain("unknown name '{{job}}'; did you mean 'jobid'?");
    expect(single(withJob({ error: '{{idd}}' }))).toContain("did you mean 'id'?");
    expect(single(withJob({ output: '{{id}' }))).toContain('not closed');
    expect(pathsOf(withJob({ output: '{id} }} {' }))).toEqual([]);
    expect(pathsOf(withJob({ output: '{{ id }}', command: 'a {{taskid}} {{tmpdir}}' }))).toEqual([]);
  });
});

describe('a reference', () => {
  test('to an unknown group is one error', () => {
    expect(single(withRules({ trigger: 'start', action: { name: 'cancel', label: 'ech' } }))).toContain(
      "unknown job group 'ech'; did you mean 'echo'?",
    );
    expect(single(withRules({ trigger: 'job-fail', name: 'x', action: terminate }))).toContain(
      "unknown job group 'x'; there are sleep and echo",
    );
    expect(single(withRules({ trigger: 'start', action: { name: 'submit', label: 7 } }))).toContain("'7'");
  });

  test('is not checked where another error may hide a group', () => {
    const rules = [
      { trigger: 'start', action: { name: 'submit', label: 'lost' } },
      { trigger: 'metric', name: 'mean.lost-duration', action: terminate },
      { trigger: 'job-fail', name: 'lost', action: terminate },
    ];
    expect(pathsOf({ jobs: [{ nam: 'lost', command: 'x' }], rules })).toEqual(['jobs[0].nam']);
    expect(pathsOf({ jobs: [{ name: 3, command: 'x' }], rules })).toEqual(['jobs[0].name']);
    expect(pathsOf({ jobs: 3, rules })).toEqual(['jobs']);
    expect(pathsOf({ rules })).toEqual(['']);
    // A group with an error elsewhere still has its name.
    expect(pathsOf({ jobs: [{ name: 'lost', command: 3 }], rules })).toEqual(['jobs[0].command']);
  });
});

describe('an action', () => {
  const errorsOf = (action: object) => pathsOf(withRules({ trigger: 'start', action }));

  test.each([
    [{ name: 'submit' }, ['rules[0].action']],
    [{ name: 'cancel', label: null }, ['rules[0].action']],
    [{ name: 'custom' }, ['rules[0].action']],
    [{ name: 'submit', label: 'echo', value: 0 }, ['rules[0].action.value']],
    [{ name: 'submit', label: 'echo', value: '1.5' }, ['rules[0].action.value']],
    [{ name: 'submit', label: 'echo', value: 'all' }, ['rules[0].action.value']],
    [{ name: 'grow', value: 2 ** 31 }, ['rules[0].action.value']],
    [{ name: 'shrink', value: -1 }, ['rules[0].action.value']],
    [{ name: 'grow', repetitions: -1 }, ['rules[0].action.repetitions']],
    [{ name: 'grow', repetitions: 1.5 }, ['rules[0].action.repetitions']],
    [{ name: 'grow', backoff: -1 }, ['rules[0].action.backoff']],
    [{ name: 'grow', onError: 'retry' }, ['rules[0].action.onError']],
    [{ name: 'custom', label: 'f', timeout: 0 }, ['rules[0].action.label', 'rules[0].action.timeout']],
    [{ name: 'custom', label: 'not a name' }, ['rules[0].action.label']],
    [{ name: 'custom', label: 3 }, ['rules[0].action.label']],
    [{}, ['rules[0].action']],
  ])('%j is refused', (action, paths) => {
    expect(errorsOf(action)).toEqual(paths);
  });

  test.each([
    [{ name: 'terminate', label: 'echo', value: 3 }, ['rules[0].action.label?', 'rules[0].action.value?']],
    [{ name: 'submit', label: 'echo', timeout: 3 }, ['rules[0].action.timeout?']],
    [{ name: 'cancel', label: 'echo', value: 3 }, ['rules[0].action.value?']],
    [{ name: 'grow', label: 'echo' }, ['rules[0].action.label?']],
    [{ name: 'grow', label: null, value: null, backoff: null }, []],
    [{ name: 'grow', repetitions: 0, backoff: 0 }, []],
  ])('%j is reported for keys that it ignores', (action, paths) => {
    expect(errorsOf(action)).toEqual(paths);
  });
});

describe('a rule', () => {
  test('is reported for a condition that is never evaluated', () => {
    expect(pathsOf(withRules({ trigger: 'start', when: 'nonsense', action: terminate }))).toEqual([
      'rules[0].when?',
    ]);
    expect(pathsOf(withRules({ trigger: 'job-fail', when: 3, action: terminate }))).toEqual([
      'rules[0].when?',
    ]);
  });

  test('on a metric must name one', () => {
    expect(pathsOf(withRules({ trigger: 'metric', action: terminate }))).toEqual(['rules[0]']);
    expect(pathsOf(withRules({ trigger: 'metric', name: '', action: terminate }))).toEqual(['rules[0].name']);
    expect(pathsOf(withRules({ trigger: 'metric', name: 'mean.x', when: '> x', action: terminate }))).toEqual(
      ['rules[0].name', 'rules[0].when'],
    );
  });

  test('is reported missing when the list is empty', () => {
    expect(pathsOf({ jobs: [], rules: [] })).toEqual(['rules?']);
  });
});

test("can't let the number of jobs of a group exceed its limit", () => {
  const job = { name: 'a', command: 'x', count: 2 ** 31 - 1 };
  expect(pathsOf({ ...withJob({}), jobs: [job, { ...job, count: 1 }] })).toEqual(['jobs[1].count']);
  expect(read({ ...withJob({}), jobs: [job] }).config.groups.get('a')?.count).toBe(2 ** 31 - 1);
});

function catchError(body: () => unknown): unknown {
  try {
    body();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}
