import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../../src/config/load.js';
import { splitWords } from '../../../src/language/split-words.js';

/** The words into which the shell of this machine splits the text, which must not contain expansions. */
function shellWords(texts: readonly string[]): string[][] {
  const script = texts.map((text) => `printf '%s\\0' ${text} END\n`).join('');
  const output = execFileSync('sh', ['-c', `set -f\n${script}`], { encoding: 'utf8' });
  const all = output.split('\0').slice(0, -1);
  const result: string[][] = [[]];
  for (const word of all) {
    if (word === 'END') result.push([]);
    else result.at(-1)?.push(word);
  }
  return result.slice(0, -1);
}

describe('splitWords', () => {
  test.each([
    ['echo hello world', ['echo', 'hello', 'world']],
    ['  a\tb \n c ', ['a', 'b', 'c']],
    [`sh -c 'echo "$HOME"; exit 3'`, ['sh', '-c', 'echo "$HOME"; exit 3']],
    [`a"b c"'d e'f\\ g`, ['ab cd ef g']],
    [`'' ""`, ['', '']],
    [String.raw`"a\"b\\c\$d\e"`, [String.raw`a"b\c$d\e`]],
    [String.raw`'s/\\/x/'"a"`, [String.raw`s/\\/x/a`]],
    ['one \\\ntwo "th\\\nree"', ['one', 'two', 'three']],
    ['echo # no comment', ['echo', '#', 'no', 'comment']],
    ['', []],
  ])('%j', (text, words) => {
    expect(splitWords(text)).toEqual({ ok: true, value: words });
  });

  test.each(["echo 'a", 'echo "a', 'echo a\\', `"'`, '"a\\"'])('refuses %j', (text) => {
    expect(splitWords(text)).toMatchObject({ ok: false });
  });

  test('splits as the shell does', () => {
    const piece = fc.constantFrom('a', 'b', ' ', "'", '"', '\\', '\\\\', 'x/', '\\"');
    const texts = fc.sample(fc.string({ unit: piece, maxLength: 12 }), { numRuns: 400, seed: 7 });
    const asked = texts.filter((text) => {
      const words = splitWords(text);
      return words.ok && words.value.length > 0;
    });
    expect(asked.length).toBeGreaterThan(100);
    expect(asked.map((text) => splitWords(text))).toEqual(
      shellWords(asked).map((value) => ({ ok: true, value })),
    );
  });

  test('any list of words survives quoting', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (words) => {
        const quoted = words.map((word) => `'${word.replaceAll("'", `'"'"'`)}'`).join(' ');
        expect(splitWords(quoted)).toEqual({ ok: true, value: words });
      }),
    );
  });
});

test('`command: true` is the program of that name', () => {
  const { config } = parseConfig(
    'jobs: [{name: a, command: true}]\nrules: [{trigger: start, action: {name: submit, label: a}}]\n',
  );
  expect(config.groups.get('a')?.entries[0]).toMatchObject({ command: ['true'], commandText: 'true' });
});
