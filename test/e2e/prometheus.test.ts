/** A real Prometheus scrapes a run. */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { ensembleFile, eventually, newFolder, root, start } from '../support/cli.js';
import { freePort } from '../support/free-port.js';
import { tokenFile } from '../support/other-user.js';

const isMissing = spawnSync('prometheus', ['--version']).error !== undefined;
const why = isMissing ? ' (skipped: prometheus is not installed)' : '';

const running = new Set<ChildProcess>();
afterAll(() => {
  for (const child of running) child.kill('SIGKILL');
});

/** Starts Prometheus; resolves with its answers to queries. */
async function startPrometheus(target: string, tokenFile: string, ...flags: readonly string[]) {
  const folder = newFolder();
  const config = join(folder, 'prometheus.yml');
  writeFileSync(
    config,
    `global: {scrape_interval: 500ms, scrape_timeout: 500ms}
scrape_configs:
  - job_name: ensembles
    authorization: {credentials_file: ${tokenFile}}
    static_configs: [{targets: ['${target}']}]
`,
  );
  const port = await freePort();
  const options = [`--config.file=${config}`, `--storage.tsdb.path=${join(folder, 'data')}`];
  const child = spawn('prometheus', [...options, `--web.listen-address=127.0.0.1:${port}`, ...flags], {
    stdio: 'ignore',
  });
  running.add(child);
  return async (query: string): Promise<{ metric: Record<string, string>; value: [number, string] }[]> => {
    const url = `http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(query)}`;
    const answer = await fetch(url).catch(() => null);
    return answer?.ok ? ((await answer.json()) as never as { data: { result: never[] } }).data.result : [];
  };
}

test.skipIf(isMissing)(`a real Prometheus reads the counts and histograms of a run${why}`, async () => {
  const folder = newFolder();
  const secret = 'a-token-of-at-least-32-characters-for-prometheus';
  const tokens = tokenFile(folder, 'tokens', `${secret} name=prometheus role=viewer\n`);
  const token = tokenFile(folder, 'token', secret);
  // The 95th percentile of 21 numbers is the 20th, for Prometheus too.
  const file = ensembleFile(`jobs: [{name: a, command: "sleep 0.0{{index}}", count: 21}]
rules:
  - {trigger: start, action: {name: submit, label: a}}
  - {trigger: metric, name: p95.a-duration, when: "> 3600", action: {name: terminate}}
`);
  const port = await freePort();
  const options = ['--http', `127.0.0.1:${port}`, '--http-token-file', tokens];
  const run = start(['run', file, '--watch', '--no-log', '--name', 'study', ...options]);
  await run.printed('HTTP on');
  const target = `127.0.0.1:${port}`;
  const query = await startPrometheus(target, token, '--enable-feature=native-histograms');
  const classic = await startPrometheus(target, token);
  const done = async () => {
    const counts = [query, classic].map((of) => of('flux_ensemble_jobs_succeeded_total'));
    return (await Promise.all(counts)).every(([count]) => count?.value[1] === '21');
  };
  await eventually(done, 'Prometheus has scraped the end of the jobs', 60);
  const number = async (of: typeof query, expression: string) => Number((await of(expression))[0]?.value[1]);
  const [counts] = await query('flux_ensemble_jobs_succeeded_total');
  expect(counts?.metric).toMatchObject({ ensemble: 'study', group: 'a', job: 'ensembles' });
  expect(await query('up')).toMatchObject([{ value: [expect.any(Number), '1'] }]);

  const duration = 'flux_ensemble_job_duration_seconds';
  const p95 = await number(query, 'flux_ensemble_metric{metric="p95.a-duration"}');
  expect(p95).toBeGreaterThan(0.05);
  const native = await number(query, `histogram_quantile(0.95, ${duration})`);
  expect(Math.abs(native / p95 - 1)).toBeLessThan(2 ** (1 / 64) - 1);
  expect(await number(query, `histogram_count(${duration})`)).toBe(21);
  expect(await query(`${duration}_bucket`)).toEqual([]);
  // Each panel for Grafana has data, with native histograms and without.
  const dashboard = JSON.parse(readFileSync(join(root, 'deploy/grafana/ensembles.json'), 'utf8')) as {
    panels: { title: string; targets: { expr: string }[] }[];
  };
  const variables = { $ensemble: 'study', $id: '.+', $__rate_interval: '1m' };
  for (const { title, targets } of dashboard.panels) {
    for (const { expr } of targets) {
      const expression = expr.replace(/\$\w+/g, (name) => variables[name as keyof typeof variables]);
      // A rate needs two scrapes.
      const both = async () => {
        const answers = await Promise.all([query(expression), classic(expression)]);
        return answers.every((answer) => answer.length > 0);
      };
      await eventually(both, `data for ${title}: ${expr}`);
    }
  }
  const rough = await number(classic, `histogram_quantile(0.95, ${duration}_bucket)`);
  expect(rough).toBeGreaterThan(p95 / 2);
  expect(rough).toBeLessThan(p95 * 2);
  run.process.kill('SIGTERM');
  await run.finished;
});
