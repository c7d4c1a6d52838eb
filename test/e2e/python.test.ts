/** Custom functions in Python, as files of ensemble-python have them. */

import { existsSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cli, ensembleFile, eventually, jsonLines, newFolder, start } from '../support/cli.js';

/** Three jobs, and at the end of each a call of `f`. */
function calling(source: string, { repetitions = 3, timeout = 20 } = {}): string {
  const indented = source.trim().split('\n').join('\n  ');
  return `
jobs:
  - {name: a, command: sleep 0.05, count: 3}
  - {name: b, command: 'true', count: 2}
rules:
  - {trigger: start, action: {name: submit, label: a}}
  - {trigger: job-finish, name: a, action: {name: custom, label: f, repetitions: ${repetitions}, timeout: ${timeout}}}
custom: |
  ${indented}
`;
}

async function run(yaml: string, env: NodeJS.ProcessEnv = {}) {
  const finished = await cli(['run', '--json', '--slots', '1', ensembleFile(yaml)], { env });
  const { lines, summary } = jsonLines(finished);
  const of = (type: string) => lines.filter((line) => line.type === type);
  return {
    status: finished.status,
    output: of('output').map(({ line }) => line),
    problems: of('problem') as unknown as { code: string; message: string }[],
    submitted: Object.fromEntries(
      Object.entries(summary.groups).map(([name, { count }]) => [name, count.submitted]),
    ),
    end: summary.end,
  };
}

describe.concurrent('functions in Python', () => {
  test("ensemble-python's own example works", async () => {
    const { status, submitted, problems } = await run(
      calling(
        `
def echo_again(**kwargs):
    """
    You should (must) return an action in your response, or None to take
    no action.
    """
    return Action({"name": "submit", "label": "b"})
`,
        { repetitions: 1 },
      ).replace('label: f', 'label: echo_again'),
    );
    expect([status, problems, submitted]).toEqual([0, [], { a: 3, b: 2 }]);
  });

  test('functions receive event, rule, action and metrics of the firing', async () => {
    const { output, problems } = await run(
      calling(`
def f(metrics, event, rule, action, handle):
    mean = metrics.models["mean"]["a-duration"].get()
    count = metrics.models["count"]["a"]["finished"].get()
    print(event["name"], event["events"][0]["context"]["status"], rule.trigger, rule.name, action.label, handle)
    print(count, 0.04 < mean < 5, "b-duration" in metrics.models["mean"], "ünï ✓")
`),
    );
    expect(problems).toEqual([]);
    expect(output).toEqual(
      [1, 2, 3].flatMap((n) => ['finish 0 job-finish a f None', `${n} True False ünï ✓`]),
    );
  });

  test('functions receive the text of a condition', async () => {
    const { output, problems } = await run(`
jobs: [{name: a, command: 'true', count: 3}]
rules:
  - {trigger: start, action: {name: submit, label: a}}
  - {trigger: job-finish, name: a, action: {name: custom, label: f}}
  - {trigger: metric, name: count.a.finished, when: 3, action: {name: custom, label: f}}
  - {trigger: metric, name: count.a.success, when: ">= 3", action: {name: custom, label: f}}
  - {trigger: metric, name: all, when: count.a.finished == 3, action: {name: custom, label: f}}
custom: |
  def f(rule, **kwargs):
      print(rule.name, rule.trigger, repr(rule.when))
`);
    expect(problems).toEqual([]);
    expect([...output].sort()).toEqual([
      'a job-finish None',
      "all metric 'count.a.finished == 3'",
      'count.a.finished metric 3',
      "count.a.success metric '>= 3'",
    ]);
  });

  test('functions may return a rule, a list, a mapping or nothing', async () => {
    const { problems, submitted } = await run(
      calling(`
answers = [
    Rule({"trigger": "job-finish", "name": "b", "action": {"name": "submit", "label": "b", "value": 1}}),
    [Action({"name": "submit", "label": "b"}), {"name": "submit", "label": "b", "value": 1}],
    None,
]
def f(**kwargs):
    return answers.pop(0)
`),
    );
    // Three by the list, one by the rule.
    expect([problems, submitted]).toEqual([[], { a: 3, b: 4 }]);
  });

  test("functions keep their state, and may import ensemble-python's modules", async () => {
    const { output, problems } = await run(
      calling(`
from ensemble.config.types import Action, Rule
seen = []
def f(event, **kwargs):
    seen.append(event["id"])
    print(len(set(seen)))
`),
    );
    expect([output, problems]).toEqual([['1', '2', '3'], []]);
  });

  test('functions may be in a separate file next to its imports', async () => {
    const folder = newFolder();
    writeFileSync(join(folder, 'helper.py'), 'label = "b"\n');
    writeFileSync(
      join(folder, 'functions.py'),
      'import helper\ndef f(**kwargs):\n    return Action({"name": "submit", "label": helper.label})\n',
    );
    for (const custom of ['custom: functions.py', 'custom: {file: ./functions.py}']) {
      const yaml = calling('', { repetitions: 1 }).replace(/custom: [\s\S]*$/, custom);
      const finished = await cli(['run', '--json', ensembleFile(yaml, folder)]);
      expect(jsonLines(finished).summary.groups.b?.count.submitted).toBe(2);
    }
  });
});

describe.concurrent('arguments of functions in Python', () => {
  /** Each function is called once; what it prints is what it got. */
  const SOURCES = {
    none: 'def none(): print("none")',
    some: 'def some(event, metrics): print("some", event["name"], metrics.models["count"]["a"]["finished"].get() > 0)',
    others:
      'def others(rule, x=7, *, action, **rest): print("others", rule.name, x, action.label, sorted(rest))',
    places: 'def places(action, event, /, handle): print("places", action.label, event["name"], handle)',
    skips: 'def skips(x=1, action=None, /): print("skips", x, action.label)',
    all_places: 'def all_places(*given): print("all_places", len(given), given[3].label)',
    wrapped: `def logged(function):
    @functools.wraps(function)
    def call(*args, **kwargs):
        return function(*args, **kwargs)
    return call
@logged
def wrapped(event): print("wrapped", event["name"])`,
    adds: `def with_level(function):
    @functools.wraps(function)
    def call(**kwargs):
        return function(level=3, **kwargs)
    return call
@with_level
def adds(level, action): print("adds", level, action.label)`,
    cached: '@functools.lru_cache\ndef cached(handle): print("cached", handle)',
    bound:
      'bound = functools.partial(lambda first, event, action: print("bound", first, event, action.label), 1, event="mine")',
    instance: `class Callable:
    def __call__(self, action): print("instance", action.label)
    def method(self, event, **rest): print("method", event["name"], len(rest))
instance = Callable()`,
    method: 'method = Callable().method',
    builtin: 'builtin = dict',
  };

  test('a function receives the arguments that it accepts', async () => {
    const names = Object.keys(SOURCES);
    const rules = names.map(
      (name) => `  - {trigger: job-finish, name: a, action: {name: custom, label: ${name}}}`,
    );
    const source = ['import functools', ...Object.values(SOURCES)].join('\n').replace(/^/gm, '  ');
    const { output, problems } = await run(`
jobs: [{name: a, command: 'true'}]
rules:
  - {trigger: start, action: {name: submit, label: a}}
${rules.join('\n')}
custom: |
${source}
`);
    expect(output).toEqual([
      'none',
      'some finish True',
      "others a 7 others ['event', 'handle', 'metrics']",
      'places places finish None',
      'skips 1 skips',
      'all_places 5 all_places',
      'wrapped finish',
      'adds 3 adds',
      'cached None',
      'bound 1 mine bound',
      'instance instance',
      'method finish 4',
    ]);
    // The function accepts all arguments, and returns an invalid action.
    expect(problems).toMatchObject([
      { message: expect.stringContaining("custom function 'builtin' returned") },
    ]);
  });

  test.each([
    ['of another name', 'def f(metrics, threshold): pass', 'threshold'],
    ['in another place', 'def f(x, /): pass', 'x'],
  ])('%s that it requires are reported before the run', async (_which, source, name) => {
    const path = ensembleFile(calling(source));
    const { status, stdout } = await cli(['validate', path]);
    expect(status).toBe(2);
    expect(stdout).toContain(
      `rules[1].action.label: function 'f' can't be called: it needs an argument '${name}'; ` +
        'functions receive metrics, event, rule, action and handle; **kwargs accepts all of them',
    );
  });

  test('the message names arguments that a decorator hides', async () => {
    const { problems } = await run(
      calling(
        `
def quiet(function):
    return lambda **kwargs: function(**kwargs)
@quiet
def f(event): pass
`,
        { repetitions: 1 },
      ),
    );
    expect(problems).toMatchObject([
      {
        message: expect.stringMatching(
          /unexpected keyword argument.*functions receive metrics, event, rule, action and handle/,
        ),
      },
    ]);
  });
});

describe.concurrent('failures in Python', () => {
  test('an exception is reported with traceback, line and rule, and the run continues', async () => {
    const { status, problems, submitted } = await run(
      calling(`
calls = []
def g(x):
    raise ValueError("not %d" % x)
def f(**kwargs):
    calls.append(1)
    if len(calls) < 3:
        g(len(calls))
    return Action({"name": "submit", "label": "b"})
`),
    );
    expect([status, submitted]).toEqual([0, { a: 3, b: 2 }]);
    expect(problems.map(({ code }) => code)).toEqual(['ERR_CUSTOM', 'ERR_CUSTOM']);
    expect(problems[0]?.message).toMatch(
      /^rule 'a' \(rules\[1\]\): custom function 'f' failed: Traceback.*ensemble\.yaml", line 15, in f.*line 11, in g.*ValueError: not 1$/s,
    );
    expect(problems[0]?.message).not.toContain('functions.py');
  });

  test.each([
    ['sys.exit', 'import sys\ndef end(): sys.exit(3)', 'SystemExit: 3'],
    ['os._exit', 'import os\ndef end(): os._exit(3)', 'python3 process ended (exit status 3)'],
    ['SIGKILL', 'import os\ndef end(): os.kill(os.getpid(), 9)', 'python3 process ended (SIGKILL)'],
  ])('%s fails only its own call', async (_how, end, message) => {
    const { status, problems, submitted } = await run(
      calling(`
${end}
def f(metrics, **kwargs):
    if metrics.models["count"]["a"]["finished"].get() == 1:
        end()
    return Action({"name": "submit", "label": "b"})
`),
    );
    expect([status, submitted]).toEqual([0, { a: 3, b: 4 }]);
    expect(problems).toMatchObject([{ code: 'ERR_CUSTOM', message: expect.stringContaining(message) }]);
  });

  test('a function that never returns is killed after its timeout', async () => {
    const { problems, submitted, output } = await run(
      calling(
        `
import os
def f(metrics, **kwargs):
    print(os.getpid())
    while metrics.models["count"]["a"]["finished"].get() == 1:
        pass
    return Action({"name": "submit", "label": "b"})
`,
        // It includes the start of the next process.
        { timeout: 8 },
      ),
    );
    expect(problems).toMatchObject([{ code: 'ERR_CUSTOM_TIMEOUT' }]);
    expect(submitted).toEqual({ a: 3, b: 4 });
    expect(new Set(output).size).toBe(2);
    for (const pid of output) expect(existsSync(`/proc/${pid}`)).toBe(false);
  });

  test('all of its processes end when the run is killed', async () => {
    const running = start([
      'run',
      '--json',
      ensembleFile(
        calling(`
import os
def f(**kwargs):
    print("pid", os.getpid(), flush=True)
    while True:
        pass
`),
      ),
    ]);
    const pid = /pid (\d+)/.exec(await running.printed('pid '))?.[1];
    running.process.kill('SIGKILL');
    await running.finished;
    await eventually(() => !existsSync(`/proc/${pid}`), 'python3 is gone');
  });

  test('an invalid action is refused', async () => {
    const { problems } = await run(
      calling(`
answers = [7, Action({"name": "submit", "label": "nowhere"}), object()]
def f(**kwargs):
    return answers.pop(0)
`),
    );
    expect(problems.map(({ message }) => message)).toEqual([
      expect.stringContaining('an action is an object with a name'),
      expect.stringContaining('nowhere'),
      expect.stringContaining('returns an Action, a Rule, a list of those, or None, not <object object'),
    ]);
  });

  test.each([
    [
      'a syntax error',
      'def f(**kwargs)\n    pass',
      /custom: the file's custom block can't be loaded as Python.*line 9.*SyntaxError/s,
    ],
    ['an import that fails', 'import nowhere\ndef f(): pass', /No module named 'nowhere'/],
    [
      'a function that is not there',
      'def g(): pass',
      /rules\[1\]\.action\.label: the file's custom block has no function 'f'/,
    ],
  ])('%s is reported before the run, and by validate', async (_what, source, message) => {
    const path = ensembleFile(calling(source));
    const validated = await cli(['validate', path]);
    expect([validated.status, validated.stdout]).toEqual([2, expect.stringMatching(message)]);
    const ran = await cli(['run', path]);
    expect([ran.status, ran.stderr]).toEqual([2, expect.stringMatching(message)]);
  });

  test('without python3 the run continues, and reports this once', async () => {
    const folder = newFolder();
    for (const program of ['sleep', 'true']) symlinkSync(`/bin/${program}`, join(folder, program));
    const { status, problems, submitted } = await run(calling('def f(**kwargs): pass'), { PATH: folder });
    expect([status, submitted]).toEqual([0, { a: 3, b: 0 }]);
    expect(problems).toEqual([
      {
        type: 'problem',
        code: 'ERR_CUSTOM',
        message: expect.stringMatching(/^the functions f can't be called: python3 .*; install Python 3$/),
      },
    ]);
  });

  test('a large output is printed completely', async () => {
    const { output, problems } = await run(
      calling(
        `
def f(**kwargs):
    print("x" * 1000000)
    for i in range(5000):
        print(i)
`,
        { repetitions: 1 },
      ),
    );
    expect(problems).toEqual([]);
    expect(output).toHaveLength(5001);
    expect(output[0]).toHaveLength(1_000_000);
  });
});
