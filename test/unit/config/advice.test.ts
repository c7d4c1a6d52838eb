import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../../src/config/load.js';
import { root } from '../../support/cli.js';
import { diagnose } from '../../support/config.js';

const start = (label: string) => ({ trigger: 'start', action: { name: 'submit', label } });

/** The advice about jobs and rules, one line each. */
const said = (jobs: object[], rules: object[], more: object = {}) =>
  diagnose({ jobs, rules, ...more }).map(({ severity, path, message }) => {
    expect(severity).toBe('warning');
    return `${path}: ${message}`;
  });

const job = (more: object = {}) => ({ name: 'a', command: 'run', ...more });

describe('advice on a command that only a shell understands', () => {
  const ofCommand = (command: string) => said([job({ command })], [start('a')]);

  test.each([
    ['make && ./run', "'&&'"],
    ['./a || ./b', "'||'"],
    ['cat x | wc -l', "'|'"],
    ['cat x|wc -l', "'|'"],
    ['./run > out.txt', "'>'"],
    ['./run >>out.txt', "'>>'"],
    ['./run < in.txt', "'<'"],
    ['./run 2>&1', "'2>&1'"],
    ['./a; ./b', "';'"],
    ['./run &', "'&'"],
    ['echo $HOME', "'$HOME'"],
    ['echo ${HOME}/x', "'${HOME}'"],
    ['echo $(date)', "'$('"],
    ['echo `date`', "'`'"],
    ['rm *.txt', "'*'"],
    ['~/bin/run', "'~'"],
    ['run ~', "'~'"],
  ])('%s', (command, what) => {
    const [only, ...more] = ofCommand(command);
    expect(more).toEqual([]);
    expect(only).toContain(`jobs[0].command: the command runs without a shell, so ${what} `);
    expect(only).toContain("to use one, write sh -c '...'");
    const exec = said([], [{ trigger: 'start', action: { name: 'exec', command } }]);
    expect(exec).toEqual([
      expect.stringContaining(`rules[0].action.command: the command runs without a shell, so ${what} `),
    ]);
  });

  test.each([
    "sh -c 'make && ./run > out; echo $HOME | cat *'",
    'sh -c "make && ./run"',
    'echo "$HOME" "a | b" \\* \\$X \\~ a~b ~',
    'python3 -c "print(1 > 2)"',
    'lmp -in in.lmp -var T {{T}} --include=*.lmp --range a-b http://host/?a=1&b=2',
    'run {{id}} -n 3 a=b x->y price:5$ 100% #1 [a] {a,b}',
  ])('is not given for %s', (command) => {
    const text = command.replace(/ ~$/, '');
    expect(said([job({ command: text, parameters: { T: 1 } })], [start('a')])).toEqual([]);
  });

  test('names all of them at the place of the first', () => {
    const text = `jobs:\n  - {name: a, command: 'make && echo $HOME > x; y'}\nrules:\n  - {trigger: start, action: {name: submit, label: a}}\n`;
    expect(diagnose(text)).toMatchObject([
      {
        line: 2,
        column: 30,
        message: expect.stringContaining("so '&&', '$HOME', '>' and ';' are passed to the program unchanged"),
      },
    ]);
  });

  test.each([
    ['OMP_NUM_THREADS=4 lmp', 'so OMP_NUM_THREADS does not set a variable; use environment'],
    ['cd run', "'cd' is a command of shells"],
    ['module load lammps', "'module' is a command of shells"],
    ['source env.sh', "'source' is a command of shells"],
  ])('on the program of a command: %s', (command, message) => {
    expect(ofCommand(command)).toEqual([expect.stringContaining(message)]);
  });

  test('on the program of a command that is a path', () => {
    const paths = { workdir: '~/run', output: '$SCRATCH/{{id}}', error: '/x/${USER}/{{id}}' };
    expect(said([job(paths)], [start('a')])).toEqual([
      "jobs[0].workdir: paths are not expanded by a shell, so '~' is taken literally; write the full path",
      "jobs[0].output: paths are not expanded by a shell, so '$SCRATCH' is taken literally; write the full path",
      "jobs[0].error: paths are not expanded by a shell, so '${USER}' is taken literally; write the full path",
    ]);
  });
});

describe('advice on several jobs that write to one file', () => {
  const tell = 'add a tag that differs for each job, like {{id}}';

  test.each([
    [{ count: 3, output: 'out' }, `jobs[0].output: 3 jobs write to the same file 'out'; ${tell}`],
    [{ count: 3, error: 'err' }, `jobs[0].error: 3 jobs write to the same file 'err'; ${tell}`],
    [
      { parameters: { T: [1, 2], n: [1, 2] }, output: 'T{{T}}' },
      `jobs[0].output: 2 jobs write to the same file 'T1'; ${tell}`,
    ],
    [{ count: 2, output: '{{name}}-{{taskid}}' }, `2 jobs write to the same file '{{name}}-{{taskid}}'`],
    [{ count: 2, output: '{{group}}.log', workdir: 'w' }, `2 jobs write to the same file 'w/a.log'`],
  ])('is given: %j', (more, message) => {
    expect(said([job(more)], [start('a')])).toEqual([expect.stringContaining(message)]);
  });

  test('is given for two entries', () => {
    const rules = [start('a'), start('b')];
    const two = (first: object, second: object) => said([job(first), { ...job(second), name: 'b' }], rules);
    const message =
      "jobs[1].output: the jobs of jobs[0].output also write to 'x'; give each entry its own file";
    expect(two({ output: 'x' }, { output: 'x' })).toEqual([message]);
    expect(two({ output: 'x' }, { output: './x' })).toEqual([message]);
    expect(two({ output: 'y', error: 'x' }, { output: 'x' })).toEqual([
      message.replace('output also', 'error also'),
    ]);
    expect(two({ output: 'x', workdir: '/a' }, { output: 'x', workdir: '/b' })).toEqual([]);
    expect(two({ output: '{{id}}' }, { output: '{{id}}' })).toEqual([]);
  });

  test('is given for several submissions', () => {
    const again = (action: object) => ({
      trigger: 'interval',
      interval: '1m',
      action: { name: 'submit', label: 'a', ...action },
    });
    expect(said([job({ output: 'x' })], [again({ repetitions: 3 })])).toEqual([
      `jobs[0].output: the jobs may be submitted 3 times, and write to 'x' each time; ${tell}`,
    ]);
    expect(said([job({ count: 2, output: '{{index}}' })], [again({ repetitions: 2 })])).toEqual([
      `jobs[0].output: the jobs may be submitted twice with the same numbers, and write to '{{index}}' each time; ${tell}`,
    ]);
    const sweep = { parameters: { T: [1, 2] }, output: 'T{{T}}' };
    expect(said([job(sweep)], [again({ repetitions: 2, value: 1 })])).toEqual([]);
    expect(said([job(sweep)], [again({ repetitions: 2 })])).toHaveLength(1);
    expect(
      said([job(sweep)], [start('a'), again({ repetitions: 9, parameters: { T: '{{event.id}}' } })]),
    ).toEqual([]);
  });

  test.each([
    { count: 3, output: '{{id}}.out' },
    { count: 3, output: '{{jobid}}.out', error: '{{id.dec}}' },
    { count: 3, output: '{{index}}.out' },
    { count: 3, output: '/dev/null' },
    { output: 'x', error: 'x' },
    { parameters: { T: [1, 2] }, output: '{{T}}' },
    { count: 3, workdir: '{{index}}', output: 'out' },
  ])('is not given: %j', (more) => {
    expect(said([job(more)], [start('a')])).toEqual([]);
  });
});

describe('advice on rules that have no effect', () => {
  const onEnd = { trigger: 'job-success', name: 'a', action: { name: 'submit', label: 'b' } };
  const b = { name: 'b', command: 'run' };

  test('shows what to add', () => {
    const metric = {
      trigger: 'metric',
      when: 'count.a.success == 5',
      action: { name: 'submit', label: 'b' },
    };
    for (const rule of [onEnd, metric]) {
      expect(said([job(), b], [rule])).toEqual([
        expect.stringMatching(
          /^rules: every rule waits for jobs, .* add \{trigger: start, action: \{name: submit, label: a\}\}$/,
        ),
      ]);
    }
    expect(
      said([job(), b], [onEnd, { ...onEnd, name: 'b', action: { name: 'submit', label: 'a' } }]),
    ).toHaveLength(1);
  });

  test('is not given when jobs have other origins', () => {
    for (const trigger of [
      { trigger: 'interval', interval: '1m' },
      { trigger: 'cron', cron: '0 0 * * *' },
      { trigger: 'heartbeat' },
    ]) {
      expect(said([job(), b], [onEnd, { ...trigger, action: { name: 'submit', label: 'a' } }])).toEqual([]);
    }
    const code = { trigger: 'start', action: { name: 'custom', label: 'f' } };
    const often = { ...onEnd, action: { ...onEnd.action, repetitions: 5 } };
    expect(said([job(), b], [often, code], { custom: 'function f() {}' })).toEqual([]);
    const tests = [{ name: 't', events: [{ '0s': 'submit a' }], expect: {} }];
    expect(said([job(), b], [onEnd], { tests })).toEqual([]);
    const text = JSON.stringify({ jobs: [job(), b], rules: [onEnd] });
    expect(parseConfig(text, { recorded: true }).warnings).toEqual([]);
  });

  test('is given at the name of a group without jobs', () => {
    expect(said([job(), b], [start('a')])).toEqual([
      "jobs[1].name: no rule submits jobs of 'b', so none will run unless other programs submit them, with the group's name in attributes.user.group",
    ]);
    const never = {
      trigger: 'job-success',
      name: 'b',
      action: { name: 'submit', label: 'b', repetitions: 2 },
    };
    expect(said([job(), b], [start('a'), never])).toHaveLength(1);
  });

  test('is given for a state that no rule leads to', () => {
    const rules = [start('a'), { trigger: 'state', name: 'late', action: { name: 'terminate' } }];
    expect(said([job()], rules, { states: ['early', 'late'] })).toEqual([
      "states[1]: no rule changes to the state 'late'",
    ]);
    const goes = { trigger: 'job-success', name: 'a', action: { goto: 'late' } };
    expect(said([job()], [...rules, goes], { states: ['early', 'late'] })).toEqual([]);
  });
});

describe('advice on a rule on job events', () => {
  const rule = (action: object, more: object = {}) => ({ trigger: 'job-fail', name: 'a', action, ...more });

  test('says that the rule acts once', () => {
    const message =
      "rules[1].action: acts only on the first of up to 5 such events; add 'repetitions: 5', or 'repetitions: 1' if once is enough";
    for (const action of [{ name: 'cancel' }, { name: 'grow' }, { name: 'exec', command: 'x' }]) {
      expect(said([job({ count: 5 })], [start('a'), rule(action)])).toEqual([message]);
      expect(said([job({ count: 5 })], [start('a'), rule({ ...action, repetitions: 1 })])).toEqual([]);
    }
    const any = { trigger: 'job-fail', action: { name: 'cancel' } };
    expect(said([job(), { name: 'b', command: 'x' }], [start('a'), start('b'), any])).toHaveLength(1);
    expect(said([job({ retry: 1 })], [start('a'), rule({ name: 'cancel' })])).toHaveLength(1);
  });

  test('says so where only code of the user, or a job, knows how often the event comes', () => {
    const message =
      "rules[1].action: acts only on the first such event; add 'repetitions: 1000', or 'repetitions: 1' if once is enough";
    const more = { custom: 'function f() {}' };
    const call = (repetitions?: number) => ({ name: 'custom', label: 'f', repetitions });
    const begin = { trigger: 'start', action: { name: 'custom', label: 'f' } };
    expect(said([job()], [begin, rule({ name: 'grow' })], more)).toEqual([message]);
    expect(said([job()], [start('a'), rule(call())], more)).toEqual([message]);
    expect(said([job()], [start('a'), rule(call(1))], more)).toEqual([]);
    const told = (action: object) => [start('a'), { trigger: 'job-tell', name: 'a', action }];
    expect(said([job({ tell: ['x'] })], told({ name: 'exec', command: 'x' }))).toEqual([message]);
    expect(said([job({ tell: ['x'] })], told({ name: 'cancel' }))).toEqual([]);
  });

  test('is not given when the rule is right to act once: for a single job, an end, or a change of state', () => {
    expect(said([job()], [start('a'), rule({ name: 'cancel' })])).toEqual([]);
    expect(said([job({ count: 5 })], [start('a'), rule({ name: 'terminate' })])).toEqual([]);
    const states = { states: ['x', 'y'] };
    expect(said([job({ count: 5 })], [start('a'), rule({ name: 'grow', goto: 'y' })], states)).toEqual([]);
    expect(said([job({ count: 5 })], [start('a'), rule({ goto: 'y' })], states)).toEqual([]);
  });
});

describe('advice on an endless loop', () => {
  const again = (trigger: object, label = 'a', repetitions = 1e9) => ({
    ...trigger,
    action: { name: 'submit', label, repetitions },
  });
  const b = { name: 'b', command: 'run' };

  test.each([
    { trigger: 'job-submit', name: 'a' },
    { trigger: 'job-success', name: 'a' },
    { trigger: 'job-finish' },
    { trigger: 'metric', name: 'count.a.submitted' },
    { trigger: 'metric', name: 'count.a.success', when: '> 3' },
  ])('is given for one rule: %j', (trigger) => {
    expect(said([job()], [start('a'), again(trigger)])).toEqual([
      expect.stringContaining(
        'rules[1]: triggers itself: the jobs that it submits trigger it again, without end',
      ),
    ]);
  });

  test('is given once for two rules', () => {
    const rules = [
      start('a'),
      again({ trigger: 'job-success', name: 'a' }, 'b'),
      again({ trigger: 'job-success', name: 'b' }, 'a'),
    ];
    expect(said([job(), b], rules)).toEqual([
      expect.stringContaining('rules[1]: rules[1] and rules[2] trigger each other without end'),
    ]);
  });

  test('is given for retries', () => {
    expect(said([job({ retry: 5000 })], [start('a')])).toEqual([
      expect.stringContaining(
        'jobs[0].retry: a job that always fails is submitted again 5000 times without a delay',
      ),
    ]);
    expect(said([job({ retry: { times: 5000, backoff: '0s' } })], [start('a')])).toHaveLength(1);
    expect(said([job({ retry: { times: 5000, backoff: '1s' } })], [start('a')])).toEqual([]);
  });

  test.each([
    again({ trigger: 'job-success', name: 'a' }, 'a', 1000),
    again({ trigger: 'job-success', name: 'a', when: 'count.a.success < 10' }),
    again({ trigger: 'job-success', name: 'a', cooldown: '1h' }),
    again({ trigger: 'job-fail', name: 'a' }),
    again({ trigger: 'metric', name: 'count.a.pending', when: '> 3' }),
    again({ trigger: 'metric', name: 'count.a.success', when: 3 }),
    again({ trigger: 'job-success', name: 'a' }, 'b'),
  ])('is not given: %j', (rule) => {
    expect(said([job(), b], [start('a'), start('b'), rule])).toEqual([]);
  });

  test('is not given where a rule ends the ensemble', () => {
    const end = { trigger: 'metric', name: 'count.a.success', when: 100, action: { name: 'terminate' } };
    expect(said([job()], [start('a'), again({ trigger: 'job-success', name: 'a' }), end])).toEqual([]);
  });
});

describe('no advice is given without need', () => {
  const examples = readdirSync(join(root, 'examples'), { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('.yaml'),
  );
  test.each(examples)('for examples/%s', (path) => {
    const file = join(root, 'examples', path);
    expect(diagnose(readFileSync(file, 'utf8'), file)).toEqual([]);
  });
});
