/** The native files that `npm run prebuild` makes: what they need of a system, and what they do on others. */

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { deserialize } from 'node:v8';
import { rolldown } from 'rolldown';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { comparedCases } from '../conformance/compared-cases.js';
import { type Result, runNative } from '../conformance/run-case.js';
import { expectSame } from '../conformance/same.js';
import { root } from '../support/cli.js';
import { isStatic, librariesOf, machineOf, symbolsOf } from './elf.js';

const SYSTEMS = [
  ['linux-x64', 'Advanced Micro Devices X86-64'],
  ['linux-arm64', 'AArch64'],
] as const;
/** Files that the dynamic linkers of musl look for. */
const MUSL = '/lib/ld-musl-x86_64.so.1';

const fileOf = (system: string, name: string) => join(root, 'prebuilds', system, name);
const whyMissing = (system: string) =>
  existsSync(fileOf(system, 'ensemble-spawner')) ? null : `${system} is not prebuilt: npm run prebuild`;
const isNodeApi = ({ name }: { readonly name: string }) => name.startsWith('napi_');

describe.each(SYSTEMS)('the prebuilt files of %s', (system, machine) => {
  const missing = whyMissing(system);

  test('the addon for glibc needs the C library only, of 2.17 or earlier', (context) => {
    if (missing !== null) return context.skip(missing);
    const addon = fileOf(system, 'flux_ensemble.glibc.node');
    expect(machineOf(addon)).toBe(machine);
    for (const name of librariesOf(addon))
      expect(name).toMatch(/^(lib(c|m|dl|rt|pthread)\.so\.\d|ld-linux-.*)$/);
    const { needed } = symbolsOf(addon);
    expect(needed.some(isNodeApi)).toBe(true);
    const late = needed.filter(({ version }) => {
      const [, minor = '0'] = /^GLIBC_2\.(\d+)/.exec(version) ?? [];
      return version !== '' && (!version.startsWith('GLIBC_2.') || Number(minor) > 17);
    });
    expect(late).toEqual([]);
  });

  test('the addon for musl needs nothing that musl has not', (context) => {
    if (missing !== null) return context.skip(missing);
    const addon = fileOf(system, 'flux_ensemble.musl.node');
    expect(machineOf(addon)).toBe(machine);
    expect(librariesOf(addon)).toEqual(['libc.so']);
    if (!existsSync(MUSL)) return context.skip(`${MUSL} is missing: apt-get install musl`);
    const { given } = symbolsOf(MUSL);
    const others = symbolsOf(addon).needed.filter((symbol) => !isNodeApi(symbol) && !given.has(symbol.name));
    expect(others).toEqual([]);
  });

  test('the spawner needs no library', (context) => {
    if (missing !== null) return context.skip(missing);
    const spawner = fileOf(system, 'ensemble-spawner');
    expect(machineOf(spawner)).toBe(machine);
    expect(librariesOf(spawner)).toEqual([]);
    expect(isStatic(spawner)).toBe(true);
    expect(statSync(spawner).mode & 0o111).toBe(0o111);
  });
});

/** How this machine runs Node for each system. */
const NODES: Readonly<Record<string, readonly string[]>> = {
  [`linux-${process.arch}`]: [process.execPath],
  'linux-arm64': [
    'qemu-aarch64-static',
    '-L',
    '/usr/aarch64-linux-gnu',
    process.env.ENSEMBLE_TEST_NODE_ARM64 ?? '/nowhere/node',
  ],
};

describe('the addon for glibc gives the results of the one that is compiled here', () => {
  const folder = join(root, 'node_modules/.cache/flux-ensemble-prebuilds');
  const script = join(folder, 'results.mjs');
  const expected: Result[] = [];

  beforeAll(async () => {
    mkdirSync(folder, { recursive: true });
    const bundle = await rolldown({
      input: join(root, 'test/prebuilds/results.ts'),
      platform: 'node',
      plugins: [
        {
          // The assertions are made here.
          name: 'no-runner',
          resolveId: (id) => (id === 'vitest' ? '\0vitest' : null),
          load: (id) =>
            id === '\0vitest' ? 'export const expect = () => new Proxy({}, { get: () => () => {} });' : null,
        },
        {
          name: 'places',
          transform: (code, id) =>
            code.includes('import.meta.url') && id.includes('/test/')
              ? code.replaceAll('import.meta.url', JSON.stringify(`file://${id}`))
              : null,
        },
      ],
    });
    await bundle.write({ file: script, format: 'esm', codeSplitting: false });
    for (const one of comparedCases()) expected.push(await runNative(one));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test.for(Object.keys(NODES))('on %s', (system, context) => {
    const missing = whyMissing(system);
    if (missing !== null) return context.skip(missing);
    const [program = '', ...args] = NODES[system] ?? [];
    if (!existsSync(args.at(-1) ?? program))
      return context.skip(`no Node for ${system}: npm run test:prebuilds installs it`);
    const printed = execFileSync(program, [...args, script], {
      encoding: 'latin1',
      env: { ...process.env, PREBUILDS_ONLY: '1' },
      maxBuffer: 2 ** 28,
    });
    const results = deserialize(Buffer.from(printed, 'base64')) as Result[];
    expect(results).toHaveLength(expected.length);
    for (const [index, result] of results.entries()) expectSame(result, expected[index] as Result);
  });
});
