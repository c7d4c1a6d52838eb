/** Probes of plugins: their values, and their failures. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { cli, ensembleFile, jsonLines, newFolder, root, start } from '../support/cli.js';
import { startService } from '../support/service.js';

const PLUGIN = `
import { definePlugin, z } from '${pathToFileURL(join(root, 'dist/index.js')).href}';
const none = z.strictObject({});
const later = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
export const plugin = definePlugin({
  name: 'study',
  actions: { says: { options: none, run: () => console.log('acts') } },
  probes: {
    thermo: {
      options: z.strictObject({ scale: z.number().default(1) }),
      values: ['temperature', 'energy'],
      read: ({ options, job }) => ({ temperature: job.parameters.t * options.scale, energy: -job.parameters.t }),
    },
    steps: { options: none, values: () => ['steps'], read: () => 7 },
    nothing: { options: none, values: ['z'], read: () => null },
    throws: { options: none, values: ['a'], read() { throw new Error('oh no'); } },
    rubbish: { options: none, values: ['b'], read: () => ({ b: Number.NaN }) },
    hangs: { options: none, values: ['c'], read() { console.log('hanging'); for (;;); } },
    waits: { options: none, values: ['d'], read: () => new Promise(() => {}) },
    slow: { options: none, values: ['e'], read: () => later(300).then(() => 5) },
    ends: { options: none, values: ['f'], read: () => process.exit(3) },
  },
});
`;

interface Study {
  readonly probes: string;
  readonly when?: string;
  readonly command?: string;
  /** More rules and what else there is. */
  readonly more?: string;
}

/** Two jobs that probes measure, and a rule on that. */
function study({
  probes,
  when = 'min.a-energy < -15 and mean.a-temperature > 290',
  command = 'true',
  more = '',
}: Study) {
  const folder = newFolder();
  writeFileSync(join(folder, 'study.mjs'), PLUGIN);
  return ensembleFile(
    `plugins: [./study.mjs]
jobs:
  - {name: a, command: '${command}', parameters: {t: [10, 20]}, probes: ${probes}}
  - {name: b, command: 'true'}
rules:
  - {trigger: start, action: {name: submit, label: a}}
  - {trigger: metric, when: '${when}', action: {name: submit, label: b}}
${more}`,
    folder,
  );
}

async function run(given: Study) {
  const { lines, summary } = jsonLines(await cli(['run', '--json', study(given)]));
  const of = (type: string) => lines.filter((line) => line.type === type);
  return {
    summary,
    probes: Object(summary.groups.a).probes,
    problems: of('problem').map(({ message }) => message),
    output: of('output').map(({ line }) => line),
  };
}

const success = { count: { success: 1 } };

describe.concurrent('probes', () => {
  test('rules and reports use measured values like durations', async () => {
    const given = { probes: '[{probe: study.thermo, with: {scale: 20}}, {probe: study.steps}]' };
    const { summary, probes, problems } = await run(given);
    expect(problems).toEqual([]);
    expect(probes).toMatchObject({
      temperature: { count: 2, mean: 300, min: 200, max: 400 },
      energy: { count: 2, mean: -15, min: -20, max: -10 },
      steps: { count: 2, mean: 7 },
    });
    expect(summary.groups.b).not.toHaveProperty('probes');
    expect(summary).toMatchObject({ end: 'idle', firings: 2, groups: { b: success } });
    const text = await cli(['run', study(given)]);
    expect(text.stdout).toMatch(/^measured +count .*\na-temperature +2 +300 /m);
  });

  test('functions receive measured values', async () => {
    const python = await run({
      probes: '[{probe: study.thermo}]',
      more: `  - {trigger: metric, when: count.a-energy == 2, action: {name: custom, label: f}}
custom: |
  def f(metrics, **rest):
      print(metrics.models["mean"]["a-energy"].get())
`,
    });
    expect(python).toMatchObject({ output: ['-15'], problems: [] });
    const javascript = await run({
      probes: '[{probe: study.thermo}]',
      more: `  - {trigger: metric, when: count.a-energy == 2, action: {name: custom, label: f}}
custom: |
  function f({ metrics }) {
    console.log(metrics.get('mean.a-energy'), metrics.groups.get('a').probes.energy.min);
  }
`,
    });
    expect(javascript).toMatchObject({ output: ['-15 -20'], problems: [] });
  });

  test('results of functions and programs may name them', async () => {
    const rule =
      '{ trigger: "metric", when: "mean.a-temperature > 10", action: { name: "submit", label: "b" } }';
    const quoted = rule.replace(/(\w+):/g, '"$1":');
    const probes = '[{probe: study.thermo}]';
    const calls =
      '  - {trigger: metric, when: count.a-energy == 2, action: {name: custom, label: f}}\ncustom: |\n  ';
    const javascript = await run({
      probes,
      when: 'mean.a-energy > 0',
      more: `${calls}const f = () => [${rule}, { name: 'submit', label: 'a', value: 1 }];\n`,
    });
    expect(javascript).toMatchObject({ problems: [], summary: { groups: { b: success } } });
    const python = await run({
      probes,
      when: 'mean.a-energy > 0',
      more: `${calls}def f(): return [Rule(${quoted}), {"name": "submit", "label": "a", "value": 1, "parameters": {"t": "{{metrics.max.a-temperature}}"}}]\n`,
    });
    expect(python).toMatchObject({
      problems: [],
      probes: { temperature: { count: 3, max: 20, mean: 50 / 3 } },
    });
    const unknown = await run({
      probes,
      more: `${calls}const f = () => (${rule.replace('temperature', 'temprature')});\n`,
    });
    expect(unknown.problems).toEqual([expect.stringContaining("did you mean 'temperature'")]);
  });

  test('rules may use their percentiles and windows, also with negative values', async () => {
    const { summary } = await run({
      probes: '[{probe: study.thermo}]',
      when: 'p100.a-energy == -10 and sum(a.energy, 1h) < -25 and pmad.a-energy > 4.7',
    });
    expect(summary).toMatchObject({ groups: { b: success }, metrics: { 'sum(a.energy, 1h)': -30 } });
    expect(Object(summary).metrics['pmad.a-energy']).toBeCloseTo(5, 0);
  });

  test('a failed probe is reported with plugin, probe and job, and the run continues', async () => {
    const { summary, probes, problems } = await run({
      probes:
        '[{probe: study.throws}, {probe: study.rubbish}, {probe: study.hangs, timeout: 100ms}, {probe: study.nothing},' +
        ' {probe: study.waits, timeout: 0.1}, {probe: study.ends}, {probe: study.steps}]',
      when: 'count.a-steps == 2',
    });
    const job = "of group 'a' for job \\S+";
    const each = [
      `^probe study.throws ${job} failed: .*oh no`,
      `^probe study.rubbish ${job} returned NaN for 'b'; it must be a finite number$`,
      `^probe study.hangs ${job} did not answer within 0.1 s \\(its timeout\\)$`,
      `^probe study.waits ${job} did not answer within 0.1 s \\(its timeout\\)$`,
      `^probe study.ends ${job} failed: .*exit status 3`,
    ].map((pattern) => expect.stringMatching(pattern));
    expect(problems).toEqual([...each, ...each]);
    expect(probes).toMatchObject({ a: { count: 0 }, c: { count: 0 }, z: { count: 0 }, steps: { count: 2 } });
    expect(summary).toMatchObject({ end: 'idle', groups: { b: success } });
  });

  test('failed jobs are not measured', async () => {
    const { probes } = await run({
      probes: '[{probe: study.steps}]',
      when: 'count.a-steps > 0',
      command: 'false',
    });
    expect(probes).toMatchObject({ steps: { count: 0 } });
  });

  test.each(['1', '2'])(
    'a run that a rule ends measures the jobs that have ended before: after %s',
    async (jobs) => {
      const { summary, probes } = await run({
        probes: '[{probe: study.slow}]',
        when: 'count.a-e > 0',
        command: `sh -c "[ {{t}} = 10 ] || sleep 0.2"`,
        more: `  - {trigger: metric, when: 'count.a.success == ${jobs}', action: {name: terminate}}\n`,
      });
      expect(probes).toMatchObject({ e: { count: Number(jobs), mean: 5 } });
      // No rule is judged any more.
      expect(summary).toMatchObject({
        end: 'terminated',
        firings: 2,
        groups: { b: { count: { success: 0 } } },
      });
    },
  );

  test('a probe that hangs delays neither actions of its plugin nor an interrupt', async () => {
    const path = study({
      probes: '[{probe: study.hangs}, {probe: study.steps}]',
      when: 'count.a.success == 2',
      more: '  - {trigger: job-success, name: b, action: {name: study.says}}\n',
    });
    const running = start(['run', path]);
    await running.printed('hanging');
    await running.printed('acts');
    running.process.kill('SIGINT');
    const { stdout, stderr, status } = await running.finished;
    expect(status).toBe(130);
    expect(stdout + stderr).not.toMatch(/did not answer|a-steps/);
  });

  test('a service receives the measured values', async () => {
    const service = await startService();
    const path = study({ probes: '[{probe: study.thermo}]' });
    expect((await service.cli('run', path, '--service', '--name', 'one')).status).toBe(0);
    const { stdout } = await service.cli('status', 'one');
    expect(stdout).toMatch(/^a-energy +2 +-15 .* -20 +-10 /m);
    const merged = await service.cli('status', 'one', '--group', 'a', '--json');
    expect(JSON.parse(merged.stdout)).toMatchObject({
      group: { probes: { temperature: { count: 2, values: { mean: 15, max: 20 } } } },
    });
    await service.stop();
  });

  test('replays do not call probes, and tests set their values', async () => {
    const path = study({
      probes: '[{probe: study.steps}, {probe: study.thermo}, {probe: study.throws}]',
      when: 'last.a-energy < -15 and mean.a-temperature > 290',
      more: `tests:
  - name: hot
    jobs: {a: {duration: [10s, 20s], probes: {temperature: [200, 400], energy: [-14, -16]}}, b: {duration: 1s}}
    expect:
      firings: [0s: submit a, 20s: submit b]
      metrics: {count.a-steps: 0, count.a-a: 0, mean.a-energy: -15, max.a-temperature: 400}
      end: idle
  - name: what is not measured makes no rule due
    events: [1s: [submit a, finish a 1]]
    jobs: {a: {probes: {temperature: 300}}}
    expect:
      firings: [0s: submit a]
      metrics: {mean.a-temperature: 300, mean.a-energy: null}
`,
    });
    const tested = await cli(['test', path]);
    expect([tested.stdout, tested.status]).toEqual([expect.stringContaining('2 passed'), 0]);
    const folder = newFolder();
    const recording = join(folder, 'a.jsonl');
    await cli(['run', '--record', recording, path]);
    const { summary } = jsonLines(await cli(['replay', '--json', recording, path]));
    expect(summary).toMatchObject({
      groups: { a: { count: { success: 2 }, probes: { energy: { count: 0 }, steps: { count: 0 } } } },
    });
  });
});
