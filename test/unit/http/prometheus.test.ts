/** Metrics for Prometheus. */

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createApp } from '../../../src/api/index.js';
import { histogramSamples } from '../../../src/api/metrics/buckets.js';
import { metricsText } from '../../../src/api/metrics/text.js';
import { emptyState } from '../../../src/engine/mergeable.js';
import { Ensemble } from '../../../src/run/ensemble.js';
import { eventually, root } from '../../support/cli.js';
import { fakeApi, groupOf } from './fake.js';

const openMetrics = { headers: { accept: 'application/openmetrics-text;version=1.0.0,text/plain;q=0.5' } };

/** Samples by their names and labels. */
function read(text: string): Map<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]));
}

const labels = 'ensemble="study",id="study-0123456789ab"';

describe('the metrics', () => {
  test('are those of the ensemble, in both formats', async () => {
    const fake = fakeApi();
    fake.ensemble.groups.set('a', groupOf({ submitted: 5, success: 3, running: 2 }));
    fake.ensemble.named = new Map([
      ['p95.a-duration', 2.5],
      ['rate.a.success', null],
    ]);
    const open = await fake.request('/prometheus', openMetrics);
    const plain = await fake.request('/prometheus');
    expect(open.headers.get('content-type')).toBe(
      'application/openmetrics-text; version=1.0.0; charset=utf-8',
    );
    expect(plain.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    const [openText, plainText] = [await open.text(), await plain.text()];
    expect(openText).toMatch(/# TYPE flux_ensemble_jobs_submitted counter\n/);
    expect(openText).toMatch(/# UNIT flux_ensemble_job_duration_seconds seconds\n/);
    expect(openText.endsWith('\n# EOF\n')).toBe(true);
    expect(plainText).toMatch(/# TYPE flux_ensemble_jobs_submitted_total counter\n/);
    expect(plainText).not.toMatch(/EOF|UNIT/);
    const samples = read(openText);
    const other = read(plainText);
    const changing = `flux_ensemble_updated_time_seconds{${labels}}`;
    for (const all of [samples, other]) all.delete(changing);
    expect(other).toEqual(samples);
    expect(Object.fromEntries(samples)).toMatchObject({
      [`flux_ensemble_jobs_submitted_total{${labels},group="a"}`]: 5,
      [`flux_ensemble_jobs_succeeded_total{${labels},group="a"}`]: 3,
      [`flux_ensemble_jobs{${labels},group="a",state="running"}`]: 2,
      [`flux_ensemble_status{${labels},status="running"}`]: 1,
      [`flux_ensemble_status{${labels},status="lost"}`]: 0,
      [`flux_ensemble_metric{${labels},metric="p95.a-duration"}`]: 2.5,
      [`flux_ensemble_size{${labels}}`]: 4,
      [`flux_ensemble_events_total{${labels}}`]: 9,
      // Three numbers of 1 s.
      [`flux_ensemble_job_duration_seconds_bucket{${labels},group="a",le="0.5"}`]: 0,
      [`flux_ensemble_job_duration_seconds_bucket{${labels},group="a",le="1.0"}`]: 3,
      [`flux_ensemble_job_duration_seconds_bucket{${labels},group="a",le="+Inf"}`]: 3,
      [`flux_ensemble_job_duration_seconds_sum{${labels},group="a"}`]: 3,
      [`flux_ensemble_job_pending_seconds_count{${labels},group="a"}`]: 0,
    });
    expect([...samples.keys()].filter((name) => name.includes('rate.a.success'))).toEqual([]);
  });

  test('have a bounded number of series', async () => {
    const fake = fakeApi();
    fake.ensemble.groups.clear();
    for (let i = 0; i < 1000; i++) fake.ensemble.groups.set(`g${i}`, groupOf({ success: 1 }));
    const samples = read(await (await fake.request('/prometheus')).text());
    const succeeded = [...samples].filter(([name]) => name.startsWith('flux_ensemble_jobs_succeeded_total'));
    expect(succeeded).toHaveLength(201);
    expect(succeeded.reduce((sum, [, value]) => sum + value, 0)).toBe(1000);
    expect(samples.get(`flux_ensemble_jobs_succeeded_total{${labels},group="_others"}`)).toBe(800);
    expect(samples.get(`flux_ensemble_groups{${labels}}`)).toBe(1000);
  });

  test('escape texts from outside', () => {
    const family = {
      ...({ name: 'x', type: 'gauge', help: 'one\ntwo \\' } as const),
      samples: [{ labels: { a: 'say "hi"\n\\' }, value: Number.POSITIVE_INFINITY }],
    };
    expect(metricsText([family], true)).toBe(
      '# TYPE x gauge\n# HELP x one\\ntwo \\\\\nx{a="say \\"hi\\"\\n\\\\"} +Inf\n# EOF\n',
    );
  });

  test('of a real run pass promtool, where it is installed', async () => {
    const ensemble = Ensemble.fromObject(
      {
        jobs: [{ name: 'a', command: 'true', count: 3 }],
        rules: [{ trigger: 'start', action: { name: 'submit', label: 'a' } }],
      },
      { watch: true, sketches: true },
    );
    try {
      void ensemble.run();
      const done = async () => (await ensemble.metrics()).groups.get('a')?.count.success === 3;
      await eventually(done, 'the jobs end');
      const api = createApp(ensemble);
      const text = await (await api.request('/api/v1/prometheus', { headers: { host: 'localhost' } })).text();
      const id = `ensemble="ensemble",id="${ensemble.id}"`;
      expect(read(text).get(`flux_ensemble_job_duration_seconds_count{${id},group="a"}`)).toBe(3);
      expect(read(text).get(`flux_ensemble_rule_state{${id},rule="0",name="start",state="exhausted"}`)).toBe(
        1,
      );
      const { error, status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input: text });
      if (error === undefined) expect([status, `${stdout}${stderr}`]).toEqual([0, '']);
    } finally {
      await ensemble.close();
    }
  });
});

describe('the alerts and the dashboard for Grafana', () => {
  const deployed = (path: string) => readFileSync(join(root, 'deploy', path), 'utf8');

  test('name metrics and labels that are served', async () => {
    const fake = fakeApi();
    fake.ensemble.groups.set('a', groupOf({ submitted: 5, success: 3, running: 2 }));
    const samples = [...read(await (await fake.request('/prometheus')).text()).keys()];
    const served = new Set(samples.map((sample) => sample.replace(/\{.*/, '')));
    const panels = JSON.parse(deployed('grafana/ensembles.json')).panels as {
      targets: { expr: string }[];
    }[];
    const expressions = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
    expect(expressions.length).toBeGreaterThan(15);
    const named = [...expressions, deployed('prometheus/alerts.yml')].flatMap(
      (text) => text.match(/flux_ensemble_\w+/g) ?? [],
    );
    expect(named.length).toBeGreaterThan(25);
    // The fake run has no rules of its own.
    const ofRules = ['flux_ensemble_rule_firings_total', 'flux_ensemble_rule_state'];
    expect(named.filter((name) => !served.has(name) && !ofRules.includes(name))).toEqual([]);
    const labelNames = new Set(samples.flatMap((sample) => sample.match(/\w+(?==")/g) ?? []));
    const grouped = expressions.flatMap((text) =>
      [...text.matchAll(/by \(([^)]*)\)/g)].flatMap(([, names = '']) => names.split(', ')),
    );
    for (const label of new Set(grouped)) expect([...labelNames, 'rule', 'name']).toContain(label);
  });

  test('pass the tests of promtool, where it is installed', () => {
    const tests = join(root, 'deploy/prometheus/alerts.test.yml');
    const { error, status, stdout } = spawnSync('promtool', ['test', 'rules', tests], { encoding: 'utf8' });
    if (error === undefined) expect([status, stdout]).toEqual([0, expect.stringContaining('SUCCESS')]);
  });
});

describe('a classic histogram', () => {
  const counts = (state: Partial<typeof emptyState>) =>
    histogramSamples({ ...emptyState, ...state }, {})
      .filter(({ suffix }) => suffix === '_bucket')
      .map(({ labels: { le }, value }) => [le, value] as const);

  test('is exact at its bounds, which include their own number', () => {
    // Numbers up to 1, above 1, and up to 2.
    const buckets = new Float64Array(66);
    buckets[0] = 2;
    buckets[1] = 3;
    buckets[64] = 4;
    buckets[65] = 5;
    const found = new Map(counts({ count: 15, zeros: 1, first: -1, buckets }));
    expect([
      found.get('0.5'),
      found.get('1.0'),
      found.get('2.0'),
      found.get('4.0'),
      found.get('+Inf'),
    ]).toEqual([1, 3, 10, 15, 15]);
  });

  test.each([6, 3, 0])('grows with its bounds at scale %i', (scale) => {
    const buckets = Float64Array.from({ length: 40 * 2 ** scale }, () => 1);
    const first = -20 * 2 ** scale;
    const found = counts({ count: buckets.length, scale, first, buckets });
    for (const [le = '', value] of found) {
      const power = le === '+Inf' ? 20 : Math.min(20, Math.log2(Number(le)));
      expect(value).toBe((power + 20) * 2 ** scale);
    }
  });
});
