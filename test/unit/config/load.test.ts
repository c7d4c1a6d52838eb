import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { configFromObject, parseConfig } from '../../../src/config/load.js';
import { NO_LIMITS } from '../../../src/model/job-limits.js';
import { HELLO, read, withJob, withRules } from '../../support/config.js';

describe('an ensemble', () => {
  test('gets every default', () => {
    const { config, warnings } = parseConfig(HELLO, { file: '/somewhere/e.yaml' });
    expect(warnings).toEqual([]);
    expect(config).toEqual({
      file: '/somewhere/e.yaml',
      member: { flux: null, slurm: null },
      debug: true,
      notify: [],
      heartbeat: 0,
      states: [],
      custom: null,
      plugins: [],
      limits: NO_LIMITS,
      largeParameters: new Map(),
      tests: [],
      groups: new Map([
        [
          'sleep',
          {
            name: 'sleep',
            probes: [],
            retry: null,
            ask: null,
            count: 5,
            after: null,
            stalled: null,
            tells: { numbers: [], texts: [] },
            limits: NO_LIMITS,
            entries: [
              {
                group: 'sleep',
                command: ['sleep', '10'],
                commandText: 'sleep 10',
                workdir: null,
                environment: {},
                count: 5,
                nodes: 1,
                tasks: 1,
                cores: 1,
                gpus: 0,
                duration: 0,
                tells: false,
                urgency: 16,
                queue: null,
                bank: null,
                slurm: null,
                output: null,
                error: null,
                attributes: {},
                inheritEnvironment: true,
                entry: 0,
                parameters: {},
                values: null,
                draft: null,
                late: false,
                streamed: false,
                skipsDone: false,
              },
            ],
          },
        ],
      ]),
      rules: [
        {
          title: 'start',
          triggerText: 'start',
          whenText: null,
          algorithm: null,
          trigger: { kind: 'start' },
          when: null,
          in: [],
          for: null,
          cooldown: null,
          by: null,
          resolve: null,
          action: {
            name: 'submit',
            label: 'sleep',
            value: null,
            parameters: null,
            repetitions: 1,
            backoff: null,
            onError: 'continue',
            goto: null,
          },
        },
      ],
    });
  });

  test('is the same from an object and from YAML', () => {
    const value = withRules(
      { trigger: 'metric', name: 'mean.echo-pending', when: '> 5', action: { name: 'grow', value: '2' } },
      { trigger: 'job-finish', name: 'sleep', action: { name: 'cancel', label: 'echo', backoff: 0 } },
    );
    expect(parseConfig(stringify(value))).toEqual(configFromObject(value));
    expect(parseConfig(JSON.stringify(value))).toEqual(configFromObject(value));
  });

  test('may use anchors, aliases and merge keys', () => {
    const { config } = parseConfig(
      'jobs:\n  - &base {name: a, command: run, environment: &env {V: 1.10}}\n' +
        '  - {<<: *base, name: b, count: 2}\n  - {name: c, command: run, environment: *env}\n' +
        'rules: [{trigger: start, action: {name: submit, label: b}}]\n',
    );
    expect([...config.groups.keys()]).toEqual(['a', 'b', 'c']);
    expect([...config.groups.values()].map(({ entries }) => entries[0]?.environment)).toEqual([
      { V: '1.10' },
      { V: '1.10' },
      { V: '1.10' },
    ]);
  });

  test.each([
    ['yes', true],
    ['On', true],
    ['true', true],
    ['no', false],
    ['OFF', false],
    ['false', false],
  ])('reads debug: %s as YAML 1.1 does', (text, debug) => {
    expect(
      parseConfig(`logging: {debug: ${text}}\n${HELLO.replace(/^logging:\n.*\n/, '')}`).config.debug,
    ).toBe(debug);
  });

  test('treats empty logging and custom as absent', () => {
    const { config } = parseConfig(`${HELLO.replace('  debug: true', '#  debug: true')}custom:\n`);
    expect(config).toMatchObject({ debug: false, custom: null });
    expect(parseConfig(`${HELLO}custom: |\n\n`).config.custom).toBeNull();
  });
});

describe('the heartbeat', () => {
  const heartbeatOf = (logging: object, ...rules: object[]) =>
    read({ ...withRules(...rules), logging }).config.heartbeat;
  const grow = { trigger: 'start', action: { name: 'grow' } };
  const shrink = { trigger: 'start', action: { name: 'shrink' } };

  test('is off by default, and 60 s for rules that need it', () => {
    expect(heartbeatOf({}, { trigger: 'start', action: { name: 'terminate' } })).toBe(0);
    expect([heartbeatOf({}, grow), heartbeatOf({ heartbeat: 0 }, shrink)]).toEqual([60, 60]);
    expect(heartbeatOf({}, { trigger: 'heartbeat', action: { name: 'terminate' } })).toBe(60);
    expect(heartbeatOf({ heartbeat: 2.5 }, grow)).toBe(2.5);
  });
});

describe('a job', () => {
  const entryOf = (job: object) => read(withJob(job)).config.groups.get('a')?.entries[0];

  test('has at least one node, and a task for each node', () => {
    expect(entryOf({ nodes: 0, tasks: 0 })).toMatchObject({ nodes: 1, tasks: 1 });
    expect(entryOf({ nodes: 4, tasks: 2 })).toMatchObject({ nodes: 4, tasks: 4 });
    expect(entryOf({ nodes: 2, tasks: 6 })).toMatchObject({ nodes: 2, tasks: 6 });
  });

  test('has its command split as by a shell, without expansion', () => {
    const command = `sh -c 'echo "$HOME" *' "two words" a\\ b ''`;
    expect(entryOf({ command })?.command).toEqual(['sh', '-c', 'echo "$HOME" *', 'two words', 'a b', '']);
  });

  test('has an environment of strings as they were written', () => {
    const environment = { A: 'x', B: 1, C: true, D: '' };
    expect(entryOf({ environment })?.environment).toEqual({ A: 'x', B: '1', C: 'true', D: '' });
    const text =
      'jobs: [{name: a, command: b, environment: {V: 1.10, ON: yes, OCT: 010, BIG: 12345678901234567890}}]';
    const { config } = parseConfig(`${text}\nrules: []\n`);
    expect(config.groups.get('a')?.entries[0]?.environment).toEqual({
      V: '1.10',
      ON: 'yes',
      OCT: '010',
      BIG: '12345678901234567890',
    });
  });

  test('keeps paths as written', () => {
    const job = { workdir: 'runs/1', output: 'out-{{id}}-{{id.f58plain}}.txt', error: '{{name}}.{{size}}' };
    expect(entryOf(job)).toMatchObject(job);
    expect(entryOf({ workdir: '' })?.workdir).toBeNull();
  });

  test('joins the other entries of its name in one group, in the order of the file', () => {
    const jobs = [
      { name: 'b', command: 'one', count: 2 },
      { name: 'a', command: 'two' },
      { name: 'b', command: 'three', count: 3 },
    ];
    const { groups } = read({ jobs, rules: [] }).config;
    expect([...groups].map(([name, { count }]) => [name, count])).toEqual([
      ['b', 5],
      ['a', 1],
    ]);
    expect(groups.get('b')?.entries.map(({ commandText }) => commandText)).toEqual(['one', 'three']);
  });
});

describe('a rule', () => {
  const ruleOf = (rule: object) => read(withRules(rule)).config.rules[0];
  const terminate = { name: 'terminate' };

  test('without a name is titled by its trigger', () => {
    expect(ruleOf({ trigger: 'start', name: 'begin', action: terminate })?.title).toBe('begin');
    expect(ruleOf({ trigger: 'job-fail', action: terminate })?.title).toBe('job-fail');
  });

  test('filters job events by group', () => {
    expect(ruleOf({ trigger: 'job-finish', name: 'echo', action: terminate })?.trigger).toEqual({
      kind: 'job',
      event: 'finish',
      group: 'echo',
    });
    expect(ruleOf({ trigger: 'job-flux-restart', action: terminate })?.trigger).toEqual({
      kind: 'job',
      event: 'flux-restart',
      group: null,
    });
  });

  test('may have a number as a label, and digits as a value', () => {
    const jobs = [{ name: '1.10', command: 'x' }];
    const text = `jobs: ${JSON.stringify(jobs)}\nrules: [{trigger: start, action: {name: submit, label: 1.10, value: "3"}}]`;
    expect(parseConfig(text).config.rules[0]?.action).toMatchObject({ label: '1.10', value: 3 });
  });

  test('has defaults for each action', () => {
    expect(ruleOf({ trigger: 'start', action: { name: 'shrink' } })?.action).toMatchObject({ value: 1 });
    const custom = {
      ...withRules({ trigger: 'start', action: { name: 'custom', label: 'f' } }),
      custom: 'x',
    };
    expect(read(custom).config.rules[0]?.action).toMatchObject({ label: 'f', timeout: 60 });
  });
});
