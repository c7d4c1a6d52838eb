/** A real Prometheus scrapes a run. */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { ensembleFile, eventually, newFolder, start } from '../support/cli.js';
import { freePort } from '../support/free-port.js';
import { tokenFile } from '../support/other-user.js';

const isMissing = spawnSync('prometheus', ['--version']).error !== undefined;
const why = isMissing ? ' (skipped: prometheus is not installed)' : '';

const running = new Set<ChildProcess>();
afterAll(() => {
  for (const child of running) child.kill('SIGKILL');
});

/** Starts Prometheus; resolves with its answers to queries. */
async function startPrometheus(target: string, tokenFile: string) {
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
  const child = spawn('prometheus', [...options, `--web.listen-address=127.0.0.1:${port}`], {
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
  const file = ensembleFile(`jobs: [{name: a, command: 'true', count: 30}]
rules: [{trigger: start, action: {name: submit, label: a}}]
`);
  const port = await freePort();
  const options = ['--http', `127.0.0.1:${port}`, '--http-token-file', tokens];
  const run = start(['run', file, '--watch', '--no-log', '--name', 'study', ...options]);
  await run.printed('HTTP on');
  const query = await startPrometheus(`127.0.0.1:${port}`, token);
  const done = async () => (await query('flux_ensemble_jobs_succeeded_total'))[0]?.value[1] === '30';
  await eventually(done, 'Prometheus has scraped the end of the jobs', 60);
  const [counts] = await query('flux_ensemble_jobs_succeeded_total');
  expect(counts?.metric).toMatchObject({ ensemble: 'study', group: 'a', job: 'ensembles' });
  const [median] = await query('histogram_quantile(0.5, flux_ensemble_job_duration_seconds_bucket)');
  expect(Number(median?.value[1])).toBeGreaterThan(0);
  expect(await query('up')).toMatchObject([{ value: [expect.any(Number), '1'] }]);
  run.process.kill('SIGTERM');
  await run.finished;
});
