import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkCondition } from '../../../src/language/expression/check.js';
import { parseExpression } from '../../../src/language/expression/parser.js';
import { COMPARISONS, type Expression, MAX_LENGTH } from '../../../src/language/expression/syntax.js';
import { parseMetricName } from '../../../src/language/metric-name.js';
import type { ConditionStep } from '../../../src/model/condition.js';
import { formatMetricName, type MetricName } from '../../../src/model/metric-names.js';
import { formatExpression } from '../../support/format-expression.js';

/** The expression without its places. */
const bare = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (key, inner) => (key === 'at' ? undefined : inner)));

function parse(text: string): Expression {
  const result = parseExpression(text);
  if (!result.ok) throw new Error(`${text}: ${JSON.stringify(result.faults)}`);
  return result.value;
}

/** Its grouping, with every parenthesis. */
function grouped(expression: Expression): string {
  switch (expression.kind) {
    case 'unary':
      return `(${expression.operator} ${grouped(expression.operand)})`;
    case 'binary':
      return `(${grouped(expression.left)} ${expression.operator} ${grouped(expression.right)})`;
    case 'call':
      return `${expression.name}(${expression.args.map(grouped).join(', ')})`;
    case 'name':
      return expression.name;
    default:
      return JSON.stringify(expression.value);
  }
}

const faultOf = (text: string) => {
  const result = parseExpression(text);
  return result.ok ? 'none' : result.faults.map(({ at, message }) => `${at} ${message}`).join();
};

describe('reading an expression', () => {
  test.each([
    ['a.b > 1 and c.d < 2 or e.f == 3', '(((a.b > 1) and (c.d < 2)) or (e.f == 3))'],
    ['a.b > 1 or c.d < 2 and e.f == 3', '((a.b > 1) or ((c.d < 2) and (e.f == 3)))'],
    ['not a.b > 1 and c.d < 2', '((not (a.b > 1)) and (c.d < 2))'],
    ['a.b - 1 - 2 * 3 / 4 > -5', '(((a.b - 1) - ((2 * 3) / 4)) > (- 5))'],
    ['(a.b - (1 - 2)) * 3 != 4', '(((a.b - (1 - 2)) * 3) != 4)'],
    ['mean.lammps-duration>30s', '(mean.lammps-duration > 30)'],
    ['mean.a-b-c-duration - 1 > 0', '((mean.a-b-c-duration - 1) > 0)'],
    ['count.`my group`.failed > 3', '(count.my group.failed > 3)'],
    ['`count.a``b.failed` > 3', '(count.a`b.failed > 3)'],
    ['p99.9(a.duration, 30m) > 2h', '(p99.9(a.duration, 1800) > 7200)'],
    ['x.y < 1.5d or x.y < 250ms or x.y < .5e-1', '(((x.y < 129600) or (x.y < 0.25)) or (x.y < 0.05))'],
    [
      `event.name == "it's" or event.name == 'a "b"'`,
      '((event.name == "it\'s") or (event.name == "a \\"b\\""))',
    ],
    ['mean.gruppe-ü_1.x-duration > 5', '(mean.gruppe-ü_1.x-duration > 5)'],
    ['\n a.b\t>\n 1 ', '(a.b > 1)'],
    ['a.b > 5% and c.d < 0.5 %', '((a.b > 0.05) and (c.d < 0.005))'],
  ])('%s', (text, expected) => {
    expect(grouped(parse(text))).toBe(expected);
  });

  test.each([
    ['', '0 the condition is empty'],
    ['a.b >', '5 the condition ends where a number, a metric or a text is expected'],
    ['a.b > > 5', "6 '>' stands where a number, a metric or a text is expected"],
    ['a.b = 5', "4 write '==' for '='"],
    ['a.b > 5 && c.d > 5', "8 write 'and' for '&&'"],
    ['a.b > 5 AND c.d > 5', "8 write 'and' for 'AND'"],
    ['a.b > 5x', "7 unknown unit 'x'; use ms, s, m, h and d"],
    ['1 < a.b < 3', "8 comparisons can't be chained: write 'a < b and b < c'"],
    ['(a.b > 5', "0 the parenthesis that opens here has no closing ')'"],
    ['a.b > 5)', "7 ')' is not expected here"],
    ['a.b > 5 c.d > 5', "8 'c.d' is not expected here; is an 'and' missing?"],
    ['event.name == "x', '14 the text that begins here has no closing "'],
    ['count.`x', '6 the name that begins here has no closing `'],
    ['a.b > 1e999', "6 the number '1e999' is too large"],
    ['a.b % 2 > 1', "4 '%' has no meaning here"],
    ['rate(a.b, 1m', "0 the parenthesis that opens here has no closing ')'"],
    ['rate(a.b 1m)', "9 the number 60 stands where ')' is expected"],
    [`${'('.repeat(33)}1`, '32 nested more than 32 deep; write several rules'],
    ['-'.repeat(3000), '32 nested more than 32 deep; write several rules'],
    [
      `a.b > ${'1'.repeat(MAX_LENGTH)}`,
      `${MAX_LENGTH} longer than ${MAX_LENGTH} characters; write several rules`,
    ],
  ])('reports the mistake in %s, and its place', (text, expected) => {
    expect(faultOf(text)).toBe(expected);
  });
});

const at = fc.constant(0);
const name = fc.oneof(
  fc.constantFrom('a.b', 'mean.x-duration', 'count.my-group.failed', 'state', 'p99.9'),
  fc.stringMatching(/^[a-zü_][\w.]{0,5}(-\w{1,3})?$/u).filter((text) => !/^(and|or|not)$/i.test(text)),
);
const quotedName = fc.string({ minLength: 1, maxLength: 8, unit: 'grapheme' });
const tree: fc.Arbitrary<Expression> = fc.letrec<{ node: Expression }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 6, depthIdentifier: 'expression' },
    fc.record({
      at,
      kind: fc.constant('number' as const),
      value: fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }).map((x) => x + 0),
    }),
    fc.record({
      at,
      kind: fc.constant('text' as const),
      value: fc.string().filter((text) => !text.includes("'")),
    }),
    fc.record({ at, kind: fc.constant('name' as const), name, quoted: fc.constant(false) }),
    fc.record({ at, kind: fc.constant('name' as const), name: quotedName, quoted: fc.constant(true) }),
    fc.record({
      at,
      kind: fc.constant('call' as const),
      name,
      args: fc.array(tie('node'), { minLength: 1, maxLength: 3 }),
      by: fc.constantFrom(null, 'T'),
    }),
    fc.record({
      at,
      kind: fc.constant('unary' as const),
      operator: fc.constantFrom('-' as const, 'not' as const),
      operand: tie('node'),
    }),
    fc.record({
      at,
      kind: fc.constant('binary' as const),
      operator: fc.constantFrom('+', '-', '*', '/', 'and', 'or', ...COMPARISONS),
      left: tie('node'),
      right: tie('node'),
    }),
  ),
})).node;

describe('any expression', () => {
  test('reads back as it was written', () => {
    fc.assert(
      fc.property(tree, (expression) => {
        expect(bare(parse(formatExpression(expression)))).toEqual(bare(expression));
      }),
      { numRuns: 1000 },
    );
  });

  test('is read, or refused at a place inside of it', () => {
    const piece = fc.constantFrom(
      ...['(', ')', '-', 'not ', ' and ', ' or ', '>', '==', '=', '"', "'", '`', '5m', '1e', '.', ',', ' '],
      ...[
        'mean.a-duration',
        'count.a.failed',
        'rate',
        'event.name',
        'state',
        'by',
        'parameters.T',
        'a',
        'ü',
        '🌊',
        '\0',
        '\n',
      ],
    );
    const garbage = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(piece, { maxLength: 40 }).map((all) => all.join('')),
    );
    fc.assert(
      fc.property(garbage, (text) => {
        const result = parseExpression(text);
        const scope = {
          groups: new Set(['a']),
          states: ['x'],
          parameters: null,
          told: null,
          event: true,
          by: 'T',
        };
        const checked = result.ok ? checkCondition(result.value, scope) : result;
        if (checked.ok) return;
        expect(checked.faults).not.toEqual([]);
        for (const { at, message } of checked.faults) {
          expect(at).toBeGreaterThanOrEqual(0);
          expect(at).toBeLessThanOrEqual(text.length);
          expect(message).not.toBe('');
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('the condition of an expression', () => {
  const scope = {
    groups: new Set(['sleep', 'my group']),
    states: ['explore', 'refine'],
    parameters: new Set(['nodes', 'mesh']),
    told: null,
    event: true,
    by: null as string | null,
  };
  const check = (text: string, parts: Partial<typeof scope> = {}) => {
    const result = checkCondition(parse(text), { ...scope, ...parts });
    return result.ok ? result.value : result.faults.map(({ at, message }) => `${at} ${message}`);
  };

  test('consists of steps for a stack machine', () => {
    expect(check('count.sleep.failed / 2 > 1.5 and not (event.name == "x" or -event.status < 0)')).toEqual([
      { op: 'metric', metric: { kind: 'count', group: 'sleep', count: 'failed' }, fromZero: true },
      { op: 'number', value: 2 },
      { op: '/' },
      { op: 'number', value: 1.5 },
      { op: '>' },
      { op: 'event.name' },
      { op: 'text', value: 'x' },
      { op: 'same' },
      { op: 'event.status' },
      { op: 'negative' },
      { op: 'number', value: 0 },
      { op: '<' },
      { op: 'or' },
      { op: 'not' },
      { op: 'and' },
    ]);
  });

  test('takes a parameter of a job for the type that it is compared with', () => {
    expect(check('job.parameters.nodes < 16 and "fine" == job.parameters.mesh')).toEqual([
      { op: 'number parameter', value: 'nodes' },
      { op: 'number', value: 16 },
      { op: '<' },
      { op: 'text', value: 'fine' },
      { op: 'text parameter', value: 'mesh' },
      { op: 'same' },
      { op: 'and' },
    ]);
    expect(check('job.parameters.nodes < 16', { event: false })).toEqual([
      '0 job.parameters.nodes is known only to rules on events of jobs (job-...)',
    ]);
  });

  test.each([
    ['job.parameters.node < 16', ["0 unknown parameter 'node'; did you mean 'nodes'?"]],
    ['mean.slep-duration > 5', ["0 unknown job group 'slep'; did you mean 'sleep'?"]],
    ['count.sleep.fail > 5', ["0 unknown outcome 'fail'; did you mean 'failed'?"]],
    ['count.sleep.failed', ["0 this is a number; compare it with something, like '... > 5'"]],
    [
      'count.sleep.failed and 5 > 3',
      ["0 'and' takes a comparison, which is true or false; this is a number"],
    ],
    ['not count.sleep.failed', ["4 'not' takes a comparison, which is true or false; this is a number"]],
    ['event.name > "x"', ["11 '>' compares numbers only; texts are == or !="]],
    ['event.name == 5', ["11 '==' can't compare a text with a number"]],
    ['(5 > 3) == (5 > 3)', ["8 '==' compares numbers or texts; join comparisons with 'and' or 'or'"]],
    ['event.name + 5 > 3', ["0 '+' takes a number; this is a text"]],
    ['state == "refin"', ["9 unknown state 'refin'; did you mean 'refine'?"]],
    ['event.stats == 0', ["0 unknown name 'event.stats'; did you mean 'event.status'?"]],
    [
      'mean.slep-duration > 5 or count.x.failed > 3',
      [
        "0 unknown job group 'slep'; did you mean 'sleep'?",
        "26 unknown job group 'x'; there are sleep and my group",
      ],
    ],
    [
      'rat(count.sleep.failed, 1m) > 5',
      [expect.stringMatching(/^0 unknown function 'rat'; did you mean 'rate'/)],
    ],
    [
      '5 > rate(count.sleep.failed)',
      [expect.stringMatching(/^4 'rate' needs a variable or a count, and a window/)],
    ],
    ['mean("sleep", 1m) > 5', [expect.stringMatching(/^0 'mean' needs/)]],
    ['mean(slep.duration, 1m) > 5', ["0 unknown job group 'slep'; did you mean 'sleep'?"]],
  ])('%s', (text, expected) => {
    expect(check(text)).toEqual(expected);
  });

  test('may have a window', () => {
    expect(check('rate(count.sleep.failed, 10m) < p99.9(`my group`.pending, 90s)')).toEqual([
      {
        op: 'metric',
        metric: { kind: 'rate', group: 'sleep', count: 'failed', window: 600 },
        fromZero: true,
      },
      {
        op: 'metric',
        metric: { kind: 'statistic', statistic: 'p99.9', group: 'my group', variable: 'pending', window: 90 },
        fromZero: true,
      },
      { op: '<' },
    ]);
  });

  test.each([
    ['ci(mean(sleep.duration)) < 5', 'upper(mean(sleep.duration), 95%)', '<'],
    ['5 < ci(mean(sleep.duration), 99.9%)', 'lower(mean(sleep.duration), 99.9%)', '<'],
    ['ci(share(count.sleep.failed), 0.9) >= 20%', 'lower(share(count.sleep.failed), 90%)', '>='],
    ['halfwidth(p99.9(`my group`.pending), 80%) > 5m', 'halfwidth(p99.9(my group.pending), 80%)', '>'],
  ])('may compare a confidence sequence: %s', (text, name, comparison) => {
    const steps = check(text) as ConditionStep[];
    const [metric] = steps.flatMap((step) => (step.op === 'metric' ? [step.metric] : []));
    expect(metric?.kind).toBe('bound');
    expect(formatMetricName(metric as MetricName)).toBe(name);
    expect(parseMetricName(name)).toEqual({ ok: true, value: metric });
    expect(steps.at(-1)).toEqual({ op: comparison });
  });

  test.each([
    ['ci(mean(sleep.duration)) == 5', '0 ci(...) is an interval: compare it with a number by <, <=, > or >='],
    ['ci(mean(sleep.duration)) + 1 < 5', '0 ci(...) is an interval'],
    ['lower(sleep.duration) < 5', "0 'lower' needs a mean, a percentile or a share"],
    ['lower(mean(sleep.duration, 5m)) < 5', "0 'lower' needs a mean, a percentile or a share"],
    ['lower(max(sleep.duration)) < 5', "0 'max' has no confidence sequence"],
    ['lower(p100(sleep.duration)) < 5', "0 'p100' has no confidence sequence"],
    ['lower(mean(sleep.duration), 5m) < 5', '0 the level of a confidence sequence is at least 50%'],
    [
      'upper(share(count.sleep.retried)) < 5',
      "0 'retried' has no share; there are success, failed and timeout",
    ],
    ['upper(share(count.slep.failed)) < 5', "0 unknown job group 'slep'; did you mean 'sleep'?"],
  ])('reports the mistake in a confidence sequence: %s', (text, message) => {
    expect(String(check(text))).toContain(message);
  });

  test("can't name an event in a rule without one, nor a state in a file without states", () => {
    expect(check('event.status > 0', { event: false })).toEqual([
      '0 event.status is known only to rules on events of jobs (job-...)',
    ]);
    expect(check('state == "a"', { states: [] })).toEqual(["0 the file has no 'states'"]);
  });
});
