import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { root } from '../e2e/cli.js';

/** Files below a folder with one of these endings, with their texts. */
function sources(folder: string, endings: readonly string[]): [string, string][] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => endings.some((ending) => path.endsWith(ending)))
    .map((path) => [join(folder, path), readFileSync(join(root, folder, path), 'utf8')]);
}

const native = sources('native', ['.h', '.cpp']);
const product = native.filter(([path]) => !/^native\/(test|fuzz)\//.test(path));
const includers = (header: RegExp) => product.filter(([, text]) => header.test(text)).map(([path]) => path);

describe('who may use whom', () => {
  test('there is something to look at', () => {
    expect(product.length).toBeGreaterThan(20);
  });

  test('one file includes simdjson, one header includes napi.h', () => {
    expect(includers(/#include ["<]simdjson\.h/)).toEqual(['native/journal/decoder.cpp']);
    expect(includers(/#include ["<](napi|node_api|node)\.h/)).toEqual(['native/node/node_addon.h']);
  });

  test('flux/core.h stays in native/flux, Node in native/node', () => {
    for (const path of includers(/#include <flux\//)) expect(path).toMatch(/^native\/flux\//);
    for (const path of includers(/#include "node\//)) expect(path).toMatch(/^native\/node\//);
  });

  test('inside native, nothing points back: stats and journal know nobody, the engine knows them', () => {
    expect(includers(/#include "engine\//).filter((path) => /^native\/(stats|journal)\//.test(path))).toEqual(
      [],
    );
    expect(includers(/#include "journal\//).filter((path) => path.startsWith('native/stats/'))).toEqual([]);
  });

  test('no raw owning pointers', () => {
    const owning = /\b(new\s+[A-Z_a-z]|delete\s+[a-z_]|malloc\(|free\()/;
    const found = product
      .flatMap(([path, text]) =>
        text.split('\n').map((line) => `${path}: ${line.replace(/\/\/.*|".*"/, '')}`),
      )
      .filter((line) => owning.test(line));
    expect(found).toEqual([]);
  });

  test('in TypeScript, the command line is used by nobody, members know no service, the engine no member', () => {
    for (const [path, text] of sources('src', ['.ts'])) {
      if (!path.startsWith('src/cli/')) expect(text, path).not.toMatch(/from '.*\/cli\//);
      if (/^src\/(members|actions|engine)\//.test(path))
        expect(text, path).not.toMatch(/from '.*\/service\//);
      if (path.startsWith('src/engine/')) expect(text, path).not.toMatch(/from '.*\/(members|actions)\//);
      expect(text, path).not.toMatch(/^export default/m);
    }
  });
});
