import { describe, expect, test } from 'vitest';
import {
  type CustomArguments,
  Ensemble,
  type EnsembleInput,
  openRun,
  type RunResult,
} from '../../../src/index.js';
import { newFolder } from '../../support/cli.js';

const jobs = [{ name: 'melt', command: 'true', count: 2 }] as const;
const start = { trigger: 'start', action: { name: 'submit', label: 'melt' } } as const;

/** An ensemble whose function is called at the success of each job. */
function study(run: (context: CustomArguments) => ReturnType<Extract<Call, { run: unknown }>['run']>) {
  return {
    jobs,
    rules: [start, { trigger: 'job-success', name: 'melt', action: { name: 'custom', repetitions: 9, run } }],
  } satisfies EnsembleInput;
}
type Call = EnsembleInput['rules'][number]['action'];

async function run(input: EnsembleInput): Promise<{ result: RunResult; problems: string[] }> {
  const problems: string[] = [];
  const observer = { problem: (error: Error) => void problems.push(error.message) };
  await using ensemble = Ensemble.fromObject(input, { observer });
  return { result: await ensemble.run(), problems };
}

describe('a function in an object', () => {
  test('runs in this process, and its answer is performed', async () => {
    const seen: number[] = [];
    const { result, problems } = await run(
      study(async ({ metrics, event, action }) => {
        seen.push(metrics.get('count.melt.success') ?? 0);
        expect([event?.group, action.name]).toEqual(['melt', 'custom']);
        return seen.length < 3 ? { name: 'submit', label: 'melt', value: 1 } : null;
      }),
    );
    expect(problems).toEqual([]);
    expect(seen.slice(0, 3)).toEqual([1, 2, 3]);
    expect(result.metrics.groups.get('melt')?.count.success).toBe(4);
  });

  test('that throws, or returns something that is not plain data, fails its own action', async () => {
    let calls = 0;
    const { result, problems } = await run(
      study(() => {
        if (calls++ === 0) throw new Error('no luck');
        return { name: 'submit', label: 'melt', extra: () => 1 } as never;
      }),
    );
    expect(result.end).toBe('idle');
    expect(problems[0]).toBe("rule 'melt' (rules[1]): custom function 'rule1' failed: no luck");
    expect(problems[1]).toContain("'rule1' returned an invalid action: it must be plain data");
  });

  test('has the label of its action, its own name, or that of its place', () => {
    function again() {}
    const rules: EnsembleInput['rules'] = [
      start,
      { trigger: 'start', action: { name: 'custom', label: 'first', run: () => {} } },
      { trigger: 'start', action: { name: 'custom', run: again } },
      { trigger: 'start', action: { name: 'custom', run: again } },
      { trigger: 'start', action: { name: 'custom', run: () => {} } },
    ];
    const { config } = Ensemble.fromObject({ jobs, rules });
    const labels = config.rules.map(({ action }) => ('label' in action ? action.label : null));
    expect(labels).toEqual(['melt', 'first', 'again', 'again', 'rule4']);
  });

  test.each([
    [{ name: 'custom', run: 5 }, 'rules[1].action.run: must be a function'],
    [
      { name: 'custom', label: 'one two', run: () => {} },
      "rules[1].action.label: 'one two' can't be the name",
    ],
    [{ name: 'submit', label: 'melt', run: () => {} }, "rules[1].action.run: unknown key 'run'"],
  ])('is refused where it is wrong: %o', (action, message) => {
    const input = { jobs, rules: [start, { trigger: 'start', action }] };
    expect(() => Ensemble.fromObject(input as never)).toThrow(message);
  });

  test("and another one with its label, or functions under 'custom', are refused", () => {
    const call = (run: () => void) =>
      ({ trigger: 'start', action: { name: 'custom', label: 'same', run } }) as const;
    const twice = { jobs, rules: [start, call(() => {}), call(() => {})] };
    expect(() => Ensemble.fromObject(twice)).toThrow('another function has the label');
    const both = { jobs, custom: 'function f() {}', rules: [start, call(() => {})] };
    expect(() => Ensemble.fromObject(both)).toThrow("either under 'custom' or under 'run'");
  });
});

describe('a run with functions of its program', () => {
  test('is kept, and resumed with them', async () => {
    const runFolder = `${newFolder()}/run`;
    const stop = new AbortController();
    const long = study(() => {
      stop.abort();
      return { name: 'submit', label: 'melt', value: 1 };
    });
    await using first = Ensemble.fromObject({ ...long, jobs: [{ ...jobs[0], count: 1 }] }, { runFolder });
    expect((await first.run({ signal: stop.signal })).end).toBe('interrupted');
    expect((await openRun(runFolder)).state).toBe('interrupted');

    await using without = await Ensemble.resume(runFolder);
    await expect(without.run()).rejects.toThrow("the function 'rule1' is one of the program");
    await without.close();
    let calls = 0;
    await using again = await Ensemble.resume(runFolder, { functions: { rule1: () => void calls++ } });
    expect((await again.run()).end).toBe('idle');
    expect(calls).toBeGreaterThan(0);
  });

  test('may come from a file that names them', async () => {
    const text = { jobs, rules: [{ trigger: 'start', action: { name: 'custom', label: 'next' } }] } as const;
    let calls = 0;
    const options = { functions: { next: () => void calls++ } };
    await using ensemble = Ensemble.fromObject({ ...text, custom: { program: ['next'] } }, options);
    await ensemble.run();
    expect(calls).toBe(1);
    expect(() => Ensemble.fromObject({ ...text, custom: { program: ['other'] } }, options)).toThrow(
      "does not name the function 'next'",
    );
  });
});
