import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { root } from '../../support/cli.js';

/** Files below a folder with one of these endings, with their texts. */
function sources(folder: string, endings: readonly string[]): [string, string][] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => !path.includes('node_modules/') && endings.some((ending) => path.endsWith(ending)))
    .map((path) => [join(folder, path), readFileSync(join(root, folder, path), 'utf8')]);
}

const native = sources('native', ['.h', '.cpp']);
const product = native.filter(([path]) => !/^native\/(test|fuzz)\//.test(path));
const includers = (header: RegExp) => product.filter(([, text]) => header.test(text)).map(([path]) => path);

describe('the sources', () => {
  test('are found', () => {
    expect(product.length).toBeGreaterThan(20);
  });

  test('include simdjson in one file and napi.h in one header', () => {
    expect(includers(/#include ["<]simdjson\.h/)).toEqual(['native/journal/json_record_parser.cpp']);
    expect(includers(/#include ["<](napi|node_api|node)\.h/)).toEqual(['native/node/node_addon.h']);
  });

  test('include no header of Flux, and node/ headers only in native/node', () => {
    expect(includers(/#include <flux\//)).toEqual([]);
    for (const path of includers(/#include "node\//)) expect(path).toMatch(/^native\/node\//);
  });

  test('have no raw owning pointers', () => {
    const owning = /\b(new\s+[A-Z_a-z]|delete\s+[a-z_]|malloc\(|free\()/;
    const found = product
      .flatMap(([path, text]) =>
        text.split('\n').map((line) => `${path}: ${line.replace(/\/\/.*|".*"/, '')}`),
      )
      .filter((line) => owning.test(line));
    expect(found).toEqual([]);
  });

  test('have no default export', () => {
    const found = [...sources('src', ['.ts']), ...sources('web', ['.ts', '.tsx'])].filter(([, text]) =>
      /^export default/m.test(text),
    );
    expect(found.map(([path]) => path)).toEqual([]);
  });
});
