import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, test } from 'vitest';
import { root } from '../../support/cli.js';

/** Folders and files of `src/`, lowest first. A file imports only from its own folder and from lower floors. */
const FLOORS = [
  ['text', 'errors.ts'],
  ['model', 'optional-package.ts'],
  ['language'],
  ['engine'],
  ['members', 'usercode', 'recording', 'store', 'rows'],
  ['plugins', 'notify', 'measure'],
  ['actions'],
  ['config', 'report'],
  ['run'],
  ['service', 'testing', 'index.ts'],
  ['api'],
  ['cli'],
];

/** Folders of `native/`, in the same form. The spawner is a program of its own. */
const NATIVE_FLOORS = [
  ['base'],
  ['stats', 'journal', 'spawner'],
  ['log'],
  ['engine'],
  ['runner'],
  ['tree', 'flux'],
  ['node'],
];

type Graph = ReadonlyMap<string, readonly string[]>;

/** Files below a folder, by their relative paths, with the paths of their imports. */
function graphOf(
  folder: string,
  isSource: (path: string) => boolean,
  imports: (path: string, text: string) => string[],
): Graph {
  const paths = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).filter(isSource);
  return new Map(paths.map((path) => [path, imports(path, readFileSync(join(root, folder, path), 'utf8'))]));
}

/** Imports of values and of types, static and dynamic. */
const IMPORT = /(?:\bfrom\s+|\bimport\s*\(\s*|^import\s+)'(\.[^']+)'/gm;
const INCLUDE = /^#include "([^"]+)"/gm;

const typescript = graphOf(
  'src',
  (path) => path.endsWith('.ts') && !path.startsWith('service/generated/'),
  (path, text) =>
    [...text.matchAll(IMPORT)]
      .map(([, specifier = '']) => normalize(join(dirname(path), specifier)).replace(/\.js$/, '.ts'))
      .filter((target) => !target.startsWith('service/generated/')),
);
const native = graphOf(
  'native',
  (path) => /\.(h|cpp)$/.test(path) && !/^(test|fuzz|prebuild)\//.test(path),
  (_path, text) =>
    [...text.matchAll(INCLUDE)].map(([, target = '']) =>
      target.includes('/') ? target : `third-party/${target}`,
    ),
);

const partOf = (path: string) => path.split('/')[0] ?? '';

/** Imports from the same or a higher floor outside of the file's folder; and files without a floor. */
function upward(graph: Graph, floors: readonly (readonly string[])[]): string[] {
  const floorOf = (part: string) => floors.findIndex((floor) => floor.includes(part));
  return [...graph].flatMap(([path, targets]) => {
    const part = partOf(path);
    if (floorOf(part) < 0) return [`${path} has no floor`];
    return targets
      .filter((target) => partOf(target) !== part && floorOf(partOf(target)) >= floorOf(part))
      .map((target) => `${path} -> ${target}`);
  });
}

/** Groups of files that import each other (Tarjan 1972). */
function circles(graph: Graph): string[][] {
  const found: string[][] = [];
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const visit = (path: string) => {
    index.set(path, index.size);
    low.set(path, index.size - 1);
    stack.push(path);
    for (const target of graph.get(path) ?? []) {
      if (!graph.has(target)) continue;
      if (!index.has(target)) visit(target);
      if (stack.includes(target)) low.set(path, Math.min(low.get(path) ?? 0, low.get(target) ?? 0));
    }
    if (low.get(path) !== index.get(path)) return;
    const circle = stack.splice(stack.indexOf(path));
    if (circle.length > 1) found.push(circle.sort());
  };
  for (const path of graph.keys()) if (!index.has(path)) visit(path);
  return found;
}

describe.each([
  ['src', typescript, FLOORS, 200],
  ['native', native, NATIVE_FLOORS, 60],
] as const)('the imports in %s', (_folder, graph, floors, files) => {
  test('are found', () => {
    expect(graph.size).toBeGreaterThan(files);
    const targets = [...graph.values()].flat();
    expect(targets.length).toBeGreaterThan(2 * files);
    expect(targets.filter((target) => !graph.has(target) && floors.flat().includes(partOf(target)))).toEqual(
      [],
    );
  });

  test('lead to the same folder or to a lower floor', () => {
    expect(upward(graph, floors)).toEqual([]);
  });

  test('have no circle', () => {
    expect(circles(graph)).toEqual([]);
  });

  test('every folder has its floor', () => {
    const parts = [...new Set([...graph.keys()].map(partOf))].sort();
    expect(parts).toEqual([...floors.flat()].sort());
  });
});

test('an upward import and a circle are noticed', () => {
  const graph = new Map([
    ['text/a.ts', ['model/b.ts']],
    ['model/b.ts', ['text/a.ts']],
    ['cli/c.ts', ['text/a.ts']],
    ['other/d.ts', []],
  ]);
  expect(upward(graph, FLOORS)).toEqual(['text/a.ts -> model/b.ts', 'other/d.ts has no floor']);
  expect(circles(graph)).toEqual([['model/b.ts', 'text/a.ts']]);
});

test('the dashboard takes the client of the HTTP API, and types of its schemas', () => {
  const folder = join(root, 'web');
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) =>
    /\.tsx?$/.test(path),
  );
  const outward = paths.flatMap((path) =>
    [...readFileSync(join(folder, path), 'utf8').matchAll(/^(?:import|export) (.*?)from '(\.[^']+)'/gms)]
      .filter(([, , specifier = '']) => normalize(join(dirname(path), specifier)).startsWith('..'))
      .map(
        ([, what = '', specifier = '']) => [what, normalize(join('web', dirname(path), specifier))] as const,
      ),
  );
  expect(outward.length).toBeGreaterThan(5);
  // The client runs in browsers too.
  const ofClient = [...typescript].filter(([path]) => path.startsWith('api/client/'));
  for (const [path, targets] of ofClient) {
    for (const target of targets) expect(`${path} -> ${target}`).toMatch(/ -> api\/(client|schemas)\//);
    const text = readFileSync(join(root, 'src', path), 'utf8');
    expect(text).not.toMatch(/^import (?!type ).*(?:'node:|\/schemas\/)/m);
  }
  for (const [what, target] of outward) {
    if (target.startsWith('src/api/client/')) continue;
    expect(what).toMatch(/^type /);
    expect(target).toMatch(/^src\/api\/schemas\//);
  }
});
