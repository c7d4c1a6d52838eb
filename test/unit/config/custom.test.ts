import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../../src/config/load.js';
import { HELLO, read, single, withJob } from '../../support/config.js';

const customOf = (custom: unknown) => read({ ...withJob({}), custom }).config.custom;

describe('custom source', () => {
  test('knows its first line in the file', () => {
    const source = 'export function f() {}\n';
    const lineOf = (yaml: string) => parseConfig(HELLO + yaml, { file: 'e.yaml' }).config.custom;
    expect(lineOf(`custom: |\n  ${source}`)).toEqual({
      kind: 'inline',
      language: 'javascript',
      source,
      line: 13,
    });
    expect(lineOf(`custom: &here | # ours\n  ${source}`)).toEqual({
      kind: 'inline',
      language: 'javascript',
      source,
      line: 13,
    });
    expect(lineOf('custom: "export function f() {}"\n')).toMatchObject({ line: 12 });
    expect(lineOf('custom:\n  export const f = 1;\n')).toMatchObject({ line: 13 });
  });

  test('has no line in an object', () => {
    expect(customOf('export const f = 1;')).toEqual({
      kind: 'inline',
      language: 'javascript',
      source: 'export const f = 1;',
      line: null,
    });
  });

  test.each([null, undefined, '', ' \n\n'])('is optional: %j', (custom) => {
    expect(customOf(custom)).toBeNull();
  });
});

describe('a custom module', () => {
  test('is looked up in the folder of the file', () => {
    const inFile = (yaml: string) => parseConfig(HELLO + yaml, { file: '/a/b/e.yaml' }).config.custom;
    expect(inFile('custom: lib/actions.mjs\n')).toEqual({
      kind: 'module',
      language: 'javascript',
      path: '/a/b/lib/actions.mjs',
    });
    expect(inFile('custom: {file: ../x.js}\n')).toEqual({
      kind: 'module',
      language: 'javascript',
      path: '/a/x.js',
    });
    expect(inFile('custom: |\n  /abs/x.cjs\n')).toEqual({
      kind: 'module',
      language: 'javascript',
      path: '/abs/x.cjs',
    });
  });

  test('is looked up in the working directory for an object', () => {
    expect(customOf({ file: 'x.js' })).toEqual({
      kind: 'module',
      language: 'javascript',
      path: resolve('x.js'),
    });
  });
});

describe('Python source', () => {
  test.each([
    'def echo_again(**kwargs):\n    return Action({"name": "submit", "label": "echo"})\n',
    'import os\n\ndef f(metrics, **kwargs):\n    """For a custom function, let it be."""\n    pass\n',
    'from os import path\nx = path\n',
    'async def f(): pass',
  ])('is recognized by its syntax: %j', (custom) => {
    expect(customOf(custom)).toMatchObject({ kind: 'inline', language: 'python' });
  });

  test('is recognized by the name of its file', () => {
    for (const custom of ['actions.py', { file: 'actions.py' }]) {
      expect(customOf(custom)).toEqual({ kind: 'module', language: 'python', path: resolve('actions.py') });
    }
    expect(single({ ...withJob({}), custom: { file: 'actions.rb' } })).toMatch(
      /custom\.file.* JavaScript or TypeScript module .* or a Python file/,
    );
  });

  test.each([
    'export function f() {\n  // def f(x): the Python of this\n}\n',
    'const script = `\ndef main():\n  pass\n`;\nexport const f = () => null;\n',
    "import os from 'node:os';\nimport path from 'node:path'\nexport function f() {}\n",
    'import {\n  join\n} from "node:path"\n',
  ])('is not recognized in %j', (custom) => {
    expect(customOf(custom)).toMatchObject({ kind: 'inline', language: 'javascript' });
  });
});
