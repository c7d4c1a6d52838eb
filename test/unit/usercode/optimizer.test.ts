import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { OptimizerFacts, OptimizerSource, ToldRow } from '../../../src/model/search.js';
import type { Optimizer } from '../../../src/usercode/optimizer/optimizer.js';
import { Optimizers } from '../../../src/usercode/optimizer/optimizers.js';
import { newFolder } from '../../support/cli.js';

const FACTS: OptimizerFacts = {
  seed: 7,
  objective: 'loss',
  direction: 'minimize',
  names: ['x'],
  space: { x: { uniform: [0, 1] } },
  options: { scale: 2 },
};
const ROW: ToldRow = { row: 0, parameters: { x: 7 }, outcome: 'success', objective: 3, values: { loss: 3 } };

const PYTHON = `
class Helper:
    def ask(self, n):
        pass

class Search:
    def __init__(self, seed, options, name="none"):
        self.next, self.scale = seed, options["scale"]
        print("begins", name)

    def ask(self, n):
        if n == 9:
            raise ValueError("too many")
        if n == 8:
            return {"x": 1}
        if n == 7:
            return [{"x": float("nan")}]
        return ({"x": self.next * self.scale + i} for i in range(n))

    def tell(self, rows):
        for row in rows:
            self.next += row["objective"]
`;
const JAVASCRIPT = `
export const helper = class { ask() {} };
export default class Search {
  constructor({ seed, options }) {
    Object.assign(this, { next: seed, scale: options.scale });
    console.log('begins', 'none');
  }
  async ask(n) {
    if (n === 9) throw new Error('too many');
    if (n === 8) return { x: 1 };
    if (n === 7) return [{ x: Number.NaN }];
    return Array.from({ length: n }, (_, i) => ({ x: this.next * this.scale + i }));
  }
  tell(rows) { for (const { objective } of rows) this.next += objective; }
}
`;
const COMMAND = `
import json, sys
print("begins none", file=sys.stderr, flush=True)
for line in sys.stdin:
    request = json.loads(line)
    if "begin" in request:
        next, scale = request["begin"]["seed"], request["begin"]["options"]["scale"]
    for row in request.get("tell", []):
        next += row["objective"]
    n = request.get("ask", 0)
    if n == 9:
        sys.exit(3)
    if n == 8:
        print('{"x": 1}', flush=True)
    elif n == 7:
        print("thinking", flush=True)
    elif n > 0:
        print(json.dumps([{"x": next * scale + i} for i in range(n)]), flush=True)
`;

const output: string[] = [];
const optimizers = new Optimizers({ output: (line) => output.push(line), problem: () => {} });
afterEach(() => optimizers.close());

function startOptimizer(
  kind: 'python' | 'javascript' | 'command',
  text: string,
  name: string | null = null,
): Optimizer {
  const path = join(newFolder(), kind === 'javascript' ? 'search.mjs' : 'search.py');
  writeFileSync(path, text);
  const source: OptimizerSource =
    kind === 'command' ? { kind, words: ['python3', path] } : { kind, path, name };
  output.length = 0;
  return optimizers.start(source, FACTS);
}

const reason = (work: Promise<unknown>) => work.then(String, (error: Error) => error.message);

describe.each([
  ['python', PYTHON, 'ValueError: too many', 'ask(8) returned', 'must be a finite number'],
  ['javascript', JAVASCRIPT, 'Error: too many', '[object Object]', '[object Object]'],
  [
    'command',
    COMMAND,
    'it ended (exit status 3)',
    '[object Object]',
    'printed a line that is not JSON: "thinking"',
  ],
] as const)('an optimizer by %s', (kind, text, thrown, mapping, invalid) => {
  test('is kept, gets facts and results, and prints', async () => {
    const optimizer = startOptimizer(kind, text);
    expect(await optimizer.exchange([], 2)).toEqual([{ x: 14 }, { x: 15 }]);
    expect(await optimizer.exchange([ROW], 1)).toEqual([{ x: 20 }]);
    expect(await optimizer.exchange([ROW], 0)).toEqual([]);
    expect(output).toEqual(['begins none']);
  });

  test('fails with its own words', async () => {
    const optimizer = startOptimizer(kind, text);
    expect(await reason(optimizer.exchange([], 8))).toContain(mapping);
    expect(await reason(optimizer.exchange([], 9))).toContain(thrown);
    expect(await reason(startOptimizer(kind, text).exchange([], 7))).toContain(invalid);
  });
});

test.each([
  ['python', 'without a class', 'x = 1', null, 'it has no class with the methods ask(n) and tell(rows)'],
  ['python', 'with two classes', `${PYTHON}\nclass Other(Search):\n    pass`, null, 'several classes'],
  ['python', 'that fails', 'import nothing_at_all', null, "No module named 'nothing_at_all'"],
  ['python', 'without the named class', PYTHON, 'Helper', "no class 'Helper'"],
  [
    'javascript',
    'without a class',
    'export const x = 1',
    null,
    'it exports no class with the methods ask(n) and tell(rows)',
  ],
  ['javascript', 'with a mistake', 'const a = ;', null, "it can't be loaded: SyntaxError"],
] as const)('a file of %s %s is refused', async (kind, _, text, name, message) => {
  expect(await reason(startOptimizer(kind, text, name).exchange([], 1))).toContain(message);
});

/** Debian's Python, which has Optuna. */
const hasOptuna = spawnSync('/usr/bin/python3', ['-c', 'import optuna']).status === 0;

describe.skipIf(!hasOptuna)('Optuna', () => {
  const space = {
    x: { uniform: [-5, 5] },
    n: { integer: [1, 8] },
    z: { normal: [10, 0.1] },
    r: { from: 0, to: 1, step: 0.3 },
    mode: ['a', 'b'],
  };

  /** Rows one after the other, whose objective is the square of x. */
  async function search(rows: number) {
    const { PATH } = process.env;
    process.env.PATH = `/usr/bin:${PATH}`;
    const optimizer = optimizers.start({ kind: 'optuna', sampler: 'tpe' }, { ...FACTS, options: {}, space });
    process.env.PATH = PATH;
    const given: Record<string, number | string>[] = [];
    let told: ToldRow[] = [];
    for (let row = 0; row < rows; row++) {
      const [next] = ((await optimizer.exchange(told, 1)) ?? []) as Record<string, number | string>[];
      if (next === undefined) throw new Error('no row');
      given.push(next);
      const failed = row % 5 === 4;
      const objective = failed ? null : Number(next.x ?? 0) ** 2;
      told = [{ row, parameters: next, outcome: failed ? 'failed' : 'success', objective, values: {} }];
    }
    return given;
  }

  test('searches the ranges, and gives the same rows again for the same results', async () => {
    const [rows, again] = await Promise.all([search(40), search(40)]);
    expect(again).toEqual(rows);
    for (const { x, n, z, r, mode } of rows) {
      expect(Math.abs(Number(x))).toBeLessThanOrEqual(5);
      expect([1, 2, 3, 4, 5, 6, 7, 8]).toContain(n);
      expect(Math.abs(Number(z) - 10)).toBeLessThan(1);
      expect(Number(r)).toBeLessThanOrEqual(0.9 + 1e-9);
      expect(['a', 'b']).toContain(mode);
    }
    // Later rows are nearer to the best one.
    const distance = (part: typeof rows) =>
      part.reduce((sum, { x }) => sum + Math.abs(Number(x)), 0) / part.length;
    expect(distance(rows.slice(20))).toBeLessThan(distance(rows.slice(0, 10)));
  });
});
