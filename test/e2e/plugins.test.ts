/** Plugins as users write them: modules beside the file, packages, and what is wrong with them. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { cli, ensembleFile, jsonLines, newFolder, root } from '../support/cli.js';

const library = pathToFileURL(join(root, 'dist/index.js')).href;

/** A plugin of these parts, as the text of a module. */
const plugin = (parts: string, name = 'study') => `
import { definePlugin, z } from '${library}';
export const plugin = definePlugin({ name: '${name}', ${parts} });
`;

const CHECK = `actions: {
  check: {
    description: 'Submits more while few have finished.',
    options: z.strictObject({ group: z.string(), most: z.number().int().default(3) }),
    run({ options, metrics, event, job, action }) {
      console.log('told', event.name, job.group, job.path('x-{{id.dec}}.log').replace(/^.*\\/x-\\d+/, 'x'), action.name);
      if (metrics.get('count.' + options.group + '.submitted') >= options.most) return null;
      return { name: 'submit', label: options.group };
    },
  },
  throws: { options: z.strictObject({}), run() { throw new Error('oh no'); } },
  hangs: { options: z.strictObject({}), run() { for (;;); } },
  asks: {
    options: z.strictObject({ next: z.unknown() }),
    run: ({ options }) => options.next,
  },
}`;

/** Runs a file whose rule calls this action when a job of group a has finished. */
const file = (action: string, folder: string, plugins = '[./study.mjs]') =>
  ensembleFile(
    `jobs:
  - {name: a, command: 'true'}
  - {name: b, command: 'true'}
plugins: ${plugins}
rules:
  - {trigger: start, action: {name: submit, label: a}}
  - trigger: job-finish
    name: a
    action: ${action}
`,
    folder,
  );

function folderWith(source: string, name = 'study.mjs'): string {
  const folder = newFolder();
  writeFileSync(join(folder, name), source);
  return folder;
}

async function run(action: string, folder = folderWith(plugin(CHECK)), plugins?: string) {
  const finished = await cli(['run', '--json', file(action, folder, plugins)]);
  const { lines, summary } = jsonLines(finished);
  const of = (type: string) => lines.filter((line) => line.type === type);
  return {
    status: finished.status,
    output: of('output').map(({ line }) => line),
    problems: of('problem').map(({ code, message }) => [code, message]),
    submitted: [summary.groups.a?.count.submitted, summary.groups.b?.count.submitted],
    actions: of('action'),
  };
}

const validate = async (action: string, folder: string, plugins?: string) => {
  const path = file(action, folder, plugins);
  const { status, stdout } = await cli(['validate', path]);
  return { status, stdout: stdout.replaceAll(`${path}:`, '') };
};

describe.concurrent('a plugin', () => {
  test('an action is called with its options, and its result is performed', async () => {
    const result = await run('{name: study.check, with: {group: a}, repetitions: 9}');
    expect(result).toMatchObject({ status: 0, problems: [], submitted: [3, 0] });
    expect(result.output).toEqual(Array(3).fill('told finish a x.log study.check'));
  });

  test('an action that throws or hangs fails alone', async () => {
    expect((await run('{name: study.throws}')).problems).toEqual([
      ['ERR_CUSTOM', "rule 'a' (rules[1]): study.throws failed: oh no"],
    ]);
    const hanging = await run('{name: study.hangs, timeout: 0.5}');
    expect([hanging.status, hanging.problems]).toEqual([
      0,
      [['ERR_CUSTOM_TIMEOUT', expect.stringContaining("rule 'a' (rules[1]): study.hangs did not answer")]],
    ]);
  });

  test('an action may return actions of its plugin, whose options are then checked', async () => {
    const next = (options: string) =>
      `{name: study.asks, with: {next: {name: study.check, with: ${options}}}}`;
    expect(await run(next('{group: b}'))).toMatchObject({ problems: [], submitted: [1, 1] });
    expect((await run(next('{most: 2}'))).problems).toEqual([
      ['ERR_CUSTOM', expect.stringMatching(/study\.check failed: with\.group: /)],
    ]);
    expect((await run('{name: study.asks, with: {next: {name: study.chek}}}')).problems).toEqual([
      ['ERR_CUSTOM', expect.stringContaining("unknown action 'study.chek'; did you mean 'study.check'?")],
    ]);
  });

  test('plugins may be TypeScript, CommonJS, or packages', async () => {
    const typed = plugin(CHECK).replace('export const', 'enum Unused { A }\nvoid Unused;\nexport const');
    const check = '{name: study.check, with: {group: b, most: 1}}';
    expect(await run(check, folderWith(typed, 'study.mts'), '[./study.mts]')).toMatchObject({
      submitted: [1, 1],
    });
    const common = `exports.plugin = { name: 'study', actions: { check: {
      options: { '~standard': { validate: (value) => ({ value }) } },
      run: ({ options }) => ({ name: 'submit', label: options.group }),
    } } };`;
    const folder = folderWith(common, 'study.cjs');
    expect(await run('{name: study.check, with: {group: b}}', folder, '[study.cjs]')).toMatchObject({
      submitted: [1, 1],
    });
    const modules = join(newFolder(), 'node_modules/ensemble-plugin-study');
    mkdirSync(modules, { recursive: true });
    writeFileSync(join(modules, 'package.json'), '{"exports": {"import": "./plugin.mjs"}}');
    writeFileSync(join(modules, 'plugin.mjs'), plugin(CHECK));
    expect(await run(check, join(modules, '../..'), '[ensemble-plugin-study]')).toMatchObject({
      submitted: [1, 1],
    });
  });

  test('a kind of jobs provides defaults', async () => {
    const folder = folderWith(
      plugin(`jobs: { echo: {
        options: z.strictObject({ word: z.string() }),
        defaults: ({ word }) => ({ command: 'sh -c "echo $WORD $OTHER"', output: 'out.txt', count: 2, environment: { WORD: word, OTHER: 'x' } }),
      } }`),
    );
    const path = ensembleFile(
      `plugins: [./study.mjs]
jobs: [{name: a, use: study.echo, with: {word: hi}, count: 1, workdir: ${folder}, environment: {OTHER: 'y'}}]
rules: [{trigger: start, action: {name: submit, label: a}}]
`,
      folder,
    );
    const { summary } = jsonLines(await cli(['run', '--json', path]));
    expect(summary.groups.a?.count).toMatchObject({ submitted: 1, success: 1 });
    const { readFileSync } = await import('node:fs');
    expect(readFileSync(join(folder, 'out.txt'), 'utf8')).toBe('hi y\n');
  });

  test("--dry-run prints the plugin's parts", async () => {
    const { stdout } = await cli([
      'run',
      '--dry-run',
      file('{name: study.check, with: {group: b}}', folderWith(plugin(CHECK))),
    ]);
    expect(stdout).toContain('would study.check');
  });
});

describe.concurrent('a job that is too large for the member', () => {
  const large = (action: string, probes = '') => {
    const folder = folderWith(
      plugin(`actions: { grows: { options: z.strictObject({}), run: () => ({ name: 'grow', value: 1 }) } },
probes: { one: { options: z.strictObject({}), values: ['x'], read: () => 1 } }`),
    );
    return ensembleFile(
      `plugins: [./study.mjs]
jobs:
  - {name: small, command: 'true'${probes}}
  - {name: large, command: 'true', cores: 2}
rules:
  - {trigger: start, action: {name: submit, label: large}}
  - {trigger: start, action: {name: submit, label: small}}
  - {trigger: job-success, name: small, action: ${action}}
`,
      folder,
    );
  };

  test("waits while a plugin's action may grow the member", async () => {
    const finished = await cli(['run', '--json', '--slots', '1', large('{name: study.grows}')]);
    const { summary } = jsonLines(finished);
    expect(summary.groups.large?.count).toMatchObject({ success: 1, failed: 0 });
  });

  test("does not wait for probes, which can't grow it", async () => {
    const path = large('{name: submit, label: small}', ', probes: [{probe: study.one}]');
    const { summary } = jsonLines(await cli(['run', '--json', '--slots', '1', path]));
    expect(summary.groups.large?.count).toMatchObject({ success: 0, exception: 1 });
  });
});

describe.concurrent('faults of plugins are reported before the run, with line and column', () => {
  test.each([
    [
      'an unknown option',
      '{name: study.check, with: {group: a, mots: 3}}',
      "9:50: error: rules[1].action.with.mots: unknown key 'mots'; did you mean 'most'? (the keys here are group and most)",
    ],
    ['a missing option', '{name: study.check}', "9:20: error: rules[1].action.name: 'group' is missing: "],
    ['a wrong option', '{name: study.check, with: {group: 7}}', '9:47: error: rules[1].action.with.group: '],
    [
      'an unknown action',
      '{name: study.chekc}',
      "9:20: error: rules[1].action.name: unknown action 'study.chekc'; did you mean 'study.check'?",
    ],
    [
      'an unknown plugin',
      '{name: lammps.check}',
      "unknown action 'lammps.check': no plugin is called 'lammps' (plugins: ...; there is 'study')",
    ],
    ['an action of ours, misspelt', '{name: sumbit, label: a}', "did you mean 'submit'?"],
    ['a key of others', '{name: study.throws, label: a}', 'ignored: study.throws has no label'],
  ])('%s', async (_what, action, message) => {
    const { stdout } = await validate(action, folderWith(plugin(CHECK)));
    expect(stdout).toContain(message);
    expect(
      stdout
        .trim()
        .split('\n')
        .filter((line) => line.includes('error:')).length,
    ).toBeLessThan(2);
  });

  test.each([
    ['a file that is not there', '[./nowhere.mjs]', '', 'plugins[0]: the file /'],
    [
      'a package that is not there',
      '[ensemble-plugin-nowhere]',
      '',
      "plugins[0]: no package 'ensemble-plugin-nowhere' was found from /",
    ],
    [
      'a throw',
      '[./study.mjs]',
      'throw new TypeError("oh no")',
      "plugins[0]: the plugin ./study.mjs can't be loaded: TypeError: oh no",
    ],
    ['a syntax error', '[./study.mjs]', 'export const = 1;', "can't be loaded: SyntaxError: "],
    ['no plugin', '[./study.mjs]', 'export const f = 1;', 'the export `plugin` is missing'],
    [
      'no schema',
      '[./study.mjs]',
      "export const plugin = { name: 'study', actions: { check: { run() {} } } };",
      'actions.check needs `options`',
    ],
    ['no name', '[./study.mjs]', 'export const plugin = {};', 'its `name` must be'],
    ['the end of its process', '[./study.mjs]', 'process.exit(3);', 'its process ended (exit status 3)'],
    [
      'a plugin named twice',
      '[./study.mjs, ./study.mjs]',
      plugin(CHECK),
      "plugins[1]: the plugin 'study' is named twice",
    ],
  ])('%s', async (_what, plugins, source, message) => {
    const { status, stdout } = await validate(
      '{name: study.check, with: {group: a}}',
      folderWith(source),
      plugins,
    );
    expect([status, stdout]).toEqual([2, expect.stringContaining(message)]);
    expect(stdout).toMatch(/^4:\d+: error: plugins/);
    expect(stdout.trim().split('\n')).toHaveLength(1);
  });

  test('two plugins with the same name', async () => {
    const folder = folderWith(plugin(CHECK));
    writeFileSync(join(folder, 'other.mjs'), plugin(''));
    const { stdout } = await validate('{name: study.throws}', folder, '[./study.mjs, ./other.mjs]');
    expect(stdout).toContain("two plugins are called 'study': this one and ./study.mjs; rename one of them");
  });
});
