import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../../src/config/load.js';
import { diagnose, HELLO, pathsOf, single } from '../../support/config.js';

describe('invalid YAML', () => {
  test.each([
    ['', '1:1', /empty/],
    ['# nothing\n', '1:1', /empty/],
    ['a: b: c\n', '1:4', /not valid YAML/],
    ['jobs: [\n', '2:1', /not valid YAML/],
    ['- 1\n- 2\n', '1:1', /must be a mapping .* found a list/],
    ['just text', '1:1', /must be a mapping .* found the string 'just text'/],
    [`${HELLO}---\nx: 1\n`, '12:1', /second document/],
    [HELLO.replace('count: 5', 'count: 5\n    count: 6'), '7:5', /'count' appears twice/],
    ['jobs: *none\nrules: []\n', '1:7', /no anchor '&none'/],
    ['<<: 3\n', '1:5', /merge mappings/],
    [`${HELLO}? [1]\n: 2\n`, '12:3', /keys must be strings/],
    ['['.repeat(50_000), '1:', /nested too deeply/],
    ['{a: '.repeat(50_000), '1:', /nested too deeply/],
    [Array.from({ length: 3000 }, (_, i) => `${' '.repeat(i)}a:\n`).join(''), '', /nested too deeply/],
    ['- '.repeat(3000), '1:', /nested too deeply/],
    [`jobs: []\nrules: []\ncustom: ${'{a: '.repeat(150)}${'}'.repeat(150)}\n`, '3:', /nested too deeply/],
    [`jobs: []\nrules: [${'x,'.repeat(1_000_000)}]\n`, '2:', /the file is too large/],
  ])('%# is reported with its place', (text, place, message) => {
    const found = single(text);
    expect(found).toMatch(message);
    expect(found.startsWith(place)).toBe(true);
  });

  test('does not hide other errors in the rest of the file', () => {
    const text = HELLO.replace('count: 5', 'count: 5\n    count: 6').replace('label: sleep', 'label: slep');
    expect(pathsOf(text)).toEqual(['', 'rules[0].action.label']);
  });
});

describe('aliases', () => {
  test('that expand exponentially are refused quickly', () => {
    let text = 'a0: &a0 [x, x, x, x, x, x, x, x, x]\n';
    for (let level = 1; level < 30; level++) {
      text += `a${level}: &a${level} [${Array(9)
        .fill(`*a${level - 1}`)
        .join(', ')}]\n`;
    }
    const started = performance.now();
    expect(single(`${text}jobs: []\nrules: []\n`)).toMatch(/alias/);
    expect(performance.now() - started).toBeLessThan(2000);
  });

  test.each([
    ['jobs: &a [*a]\nrules: []\n', '1:11'],
    ['jobs:\n  - &a {name: a, command: x, attributes: {x: {y: [*a]}}}\nrules: []\n', '2:51'],
    ['jobs:\n  - &a {<<: *a, name: a, command: x}\nrules: []\n', '2:13'],
    ['jobs:\n  - &a {<<: [*a], name: a, command: x}\nrules: []\n', '2:14'],
    ['&all\njobs: []\nrules: []\ntests: *all\n', '4:8'],
    ['jobs: []\nrules: []\nx-a: &a\n  b: &b [*a]\n  c: *b\n', '4:10'],
  ])('that contain themselves are refused at their place: %j', (text, place) => {
    expect(single(text)).toMatch(new RegExp(`^${place} .*'\\*\\w+' stands inside the value that it repeats`));
  });

  test('of merge keys that expand exponentially are refused at their place', () => {
    let text = 'jobs: []\nrules: []\nx-0: &a0 {x: 1}\n';
    for (let level = 1; level < 60; level++) {
      text += `x-${level}: &a${level} {<<: [*a${level - 1}, *a${level - 1}], y: 1}\n`;
    }
    expect(single(text)).toMatch(/^\d\d:\d+ .*alias '\*a\d+' makes the document too large/);
  });

  test('have the same limit of depth as written values', () => {
    let text = 'jobs: []\nrules: []\nx-0: &a0 [1]\n';
    for (let level = 1; level < 300; level++) text += `x-${level}: &a${level} [*a${level - 1}]\n`;
    expect(single(text)).toMatch(/^\d\d:\d+ .*alias '\*a\d+' is nested too deeply/);
  });

  test('may be as many as a long file has', () => {
    const jobs = Array.from({ length: 500 }, (_, i) => `  - {name: g${i}, command: x, environment: *env}\n`);
    const text = `jobs:\n  - {name: a, command: x, environment: &env {A: 1}}\n${jobs.join('')}rules: []\n`;
    expect(parseConfig(text).config.groups.size).toBe(501);
  });

  test('lead to the place of a mistake, which is reported once', () => {
    const text =
      'jobs:\n  - &base\n    name: a\n    command: x\n    count: -1\n  - {<<: *base, name: b}\n  - {<<: [*base], name: c}\n' +
      'rules: []\n';
    expect(diagnose(text).map(({ line, column, path }) => `${line}:${column} ${path}`)).toEqual([
      '5:12 jobs[0].count',
      '8:8 rules',
    ]);
  });
});

describe('unusual YAML', () => {
  test('keeps timestamps as text, also under %YAML 1.1', () => {
    for (const head of ['', '%YAML 1.1\n---\n']) {
      const { config } = parseConfig(`${head}${HELLO.replaceAll('sleep', '2020-01-01')}`);
      expect([...config.groups.keys()]).toEqual(['2020-01-01']);
    }
  });

  test('with unknown tags is reported', () => {
    expect(single(HELLO.replace('sleep 10', '!!python/name:os.system sleep 10'))).toMatch(/^5:14 .*python/);
  });

  test('may have CRLF, a byte order mark and other scripts', () => {
    const text = `\uFEFF${HELLO.replaceAll('sleep', 'schläft-寝る').replaceAll('\n', '\r\n')}`;
    expect([...parseConfig(text).config.groups.keys()]).toEqual(['schläft-寝る']);
    expect(single(text.replace('count: 5', 'count: x'))).toMatch(/^6:12 /);
  });
});
