/** Metrics for Prometheus. */

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import protobuf from 'protobufjs';
import { describe, expect, test } from 'vitest';
import { createApp } from '../../../src/api/index.js';
import { nativeBuckets } from '../../../src/api/metrics/buckets.js';
import type { Family } from '../../../src/api/metrics/family.js';
import { formatFor } from '../../../src/api/metrics/formats.js';
import { metricsProtobuf } from '../../../src/api/metrics/protobuf.js';
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
      [`flux_ensemble_member_up{${labels}}`]: 1,
      [`flux_ensemble_log_lag_seconds{${labels}}`]: 0.5,
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
    const text = await (await fake.request('/prometheus')).text();
    const samples = [...read(text).keys()];
    // A native histogram has the name of its family.
    const native = [...text.matchAll(/^# TYPE (\w+) histogram$/gm)].map(([, name]) => name);
    const served = new Set([...samples.map((sample) => sample.replace(/\{.*/, '')), ...native]);
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

const histogramOf = (state: Partial<typeof emptyState>): Family => ({
  ...{ name: 'x', type: 'histogram', help: 'times' },
  samples: [{ labels: {}, state: { ...emptyState, ...state } }],
});

describe('a classic histogram', () => {
  const counts = (state: Partial<typeof emptyState>) => {
    const text = metricsText([histogramOf(state)], false);
    return [...text.matchAll(/^x_bucket\{le="(.*)"\} (\d+)$/gm)].map(
      ([, le = '', value]) => [le, Number(value)] as const,
    );
  };

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
    expect(found).toHaveLength(29);
    for (const [le, value] of found) {
      const power = le === '+Inf' ? 20 : Math.min(20, Math.log2(Number(le)));
      expect(value).toBe((power + 20) * 2 ** scale);
    }
  });
});

/** The messages of Prometheus, in the words of their own definition. */
const { root: messages } = protobuf.parse(`syntax = "proto2";
message LabelPair { optional string name = 1; optional string value = 2; }
message Number { optional double value = 1; }
message Bucket { optional uint64 cumulative_count = 1; optional double upper_bound = 2; }
message BucketSpan { optional sint32 offset = 1; optional uint32 length = 2; }
message Histogram {
  optional uint64 sample_count = 1; optional double sample_sum = 2; repeated Bucket bucket = 3;
  optional sint32 schema = 5; optional double zero_threshold = 6; optional uint64 zero_count = 7;
  repeated BucketSpan positive_span = 12; repeated sint64 positive_delta = 13;
}
message Metric {
  repeated LabelPair label = 1; optional Number gauge = 2; optional Number counter = 3; optional Histogram histogram = 7;
}
message MetricFamily {
  optional string name = 1; optional string help = 2; optional int32 type = 3; repeated Metric metric = 4;
  optional string unit = 5;
}`);
const familyMessage = messages.lookupType('MetricFamily');

interface DecodedMetric {
  readonly label: readonly { readonly name: string; readonly value: string }[];
  readonly gauge?: { readonly value: number };
  readonly counter?: { readonly value: number };
  readonly histogram?: {
    readonly sampleCount: number;
    readonly sampleSum: number;
    readonly bucket: readonly { readonly cumulativeCount: number; readonly upperBound: number }[];
    readonly schema: number;
    readonly zeroThreshold: number;
    readonly zeroCount: number;
    readonly positiveSpan: readonly { readonly offset: number; readonly length: number }[];
    readonly positiveDelta: readonly number[];
  };
}

/** The families in an answer, by their names. */
function decoded(bytes: Uint8Array): Map<string, { type: number; unit: string; metric: DecodedMetric[] }> {
  const reader = protobuf.Reader.create(bytes);
  const families = new Map();
  while (reader.pos < reader.len) {
    const family = familyMessage.decodeDelimited(reader);
    const plain = familyMessage.toObject(family, { longs: Number, arrays: true, defaults: false });
    families.set(plain.name, plain);
  }
  return families;
}

const PROTOBUF = 'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited';

describe('the protobuf format', () => {
  test('has the families of the text, and native histograms', async () => {
    const fake = fakeApi();
    fake.ensemble.groups.set('\ud800', groupOf({}));
    fake.ensemble.groups.set('é', groupOf({ submitted: 5, success: 3, running: 2 }));
    const accept = `${PROTOBUF},application/openmetrics-text;version=1.0.0;q=0.8,*/*;q=0.1`;
    const answer = await fake.request('/prometheus', { headers: { accept } });
    expect(answer.headers.get('content-type')).toBe(
      'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited',
    );
    const families = decoded(new Uint8Array(await answer.arrayBuffer()));
    const text = await (await fake.request('/prometheus')).text();
    const types = new Map([...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name, type]) => [name, type]));
    const words = ['counter', 'gauge', '', '', 'histogram'];
    expect(new Map([...families].map(([name, { type }]) => [name, words[type]]))).toEqual(types);
    const samples = [...families].flatMap(([name, { metric }]) =>
      metric.flatMap(({ label, counter, gauge }) => {
        const labels = label.map(({ name, value }) => `${name}="${value}"`).join(',');
        const value = (counter ?? gauge)?.value;
        return value === undefined ? [] : [[`${name}{${labels}}`, value] as const];
      }),
    );
    const inText = [...read(text)].filter(([name]) => !/_(?:bucket|sum|count)\{/.test(name));
    const timeless = (all: readonly (readonly [string, number])[]) =>
      all.filter(([name]) => !name.startsWith('flux_ensemble_updated')).sort();
    expect(timeless(samples)).toEqual(timeless(inText));
    const duration = families.get('flux_ensemble_job_duration_seconds');
    expect(duration?.unit).toBe('seconds');
    // Three numbers of 1 s: the bucket that ends at 1 has the index 0.
    expect(duration?.metric.find(({ label }) => label[2]?.value === 'é')?.histogram).toMatchObject({
      ...{ sampleCount: 3, sampleSum: 3, schema: 6, zeroThreshold: 2.2250738585072014e-308, zeroCount: 0 },
      ...{ positiveSpan: [{ offset: 0, length: 1 }], positiveDelta: [3] },
    });
  });

  test.each([
    ['', 'text/plain'],
    ['*/*', 'text/plain'],
    ['text/html', 'text/plain'],
    [PROTOBUF, 'application/vnd.google.protobuf'],
    [PROTOBUF.replace('delimited', 'text'), 'text/plain'],
    [`${PROTOBUF};q=0,*/*`, 'text/plain'],
    [`${PROTOBUF};q=0.5,application/openmetrics-text;version=1.0.0`, 'application/openmetrics-text'],
    [`application/openmetrics-text;q=0.5,${PROTOBUF};q=0.6`, 'application/vnd.google.protobuf'],
    ['text/plain;version=0.0.4;q=0.9,application/openmetrics-text;q=0.8', 'text/plain'],
  ])('is what this header likes best: %s', (accept, type) => {
    expect(formatFor(accept).contentType.split(';')[0]).toBe(type);
  });
});

describe('a native histogram', () => {
  const written = (state: Partial<typeof emptyState>) =>
    decoded(metricsProtobuf([histogramOf(state)])).get('x')?.metric[0]?.histogram;

  test('has the buckets of its sketch, in spans', () => {
    const buckets = Float64Array.of(1, 0, 4, 0, 0, 2, 3, 0, 0, 0, 0, 2 ** 40);
    expect(written({ count: 2 ** 40 + 12, zeros: 2, sum: 1.5, first: -3, buckets })).toMatchObject({
      ...{ sampleCount: 2 ** 40 + 12, sampleSum: 1.5, schema: 6, zeroCount: 2 },
      // After a long gap comes a new span; short gaps are filled with zeros.
      positiveSpan: [
        { offset: -2, length: 7 },
        { offset: 4, length: 1 },
      ],
      positiveDelta: [1, -1, 4, -4, 0, 2, 1, 2 ** 40 - 3],
    });
  });

  test('of no numbers, or of zeros alone, has no buckets', () => {
    expect(written({})).toMatchObject({ sampleCount: 0, zeroCount: 0, positiveSpan: [], positiveDelta: [] });
    expect(written({ count: 7, zeros: 7 })).toMatchObject({ zeroCount: 7, positiveSpan: [] });
  });

  /** The upper bounds of the buckets that are not empty, and their counts. */
  const boundsOf = ({ schema, spans, deltas }: ReturnType<typeof nativeBuckets>) => {
    const bounds: [number, number][] = [];
    let index = 0;
    let count = 0;
    let at = 0;
    for (const { offset, length } of spans) {
      index += offset;
      for (let i = 0; i < length; i++, index++) {
        count += deltas[at++] as number;
        if (count > 0) bounds.push([2 ** (index * 2 ** -schema), count]);
      }
    }
    return bounds;
  };

  test.each([6, 3, 0])('has few buckets, each a whole number of buckets of a sketch of scale %i', (scale) => {
    const buckets = Float64Array.from({ length: 1000 }, (_, i) => i + 1);
    const first = -501;
    const native = nativeBuckets({ ...emptyState, count: 500_500, scale, first, buckets });
    expect(native.deltas.length).toBeLessThanOrEqual(160);
    expect(native.deltas.length).toBeGreaterThan(80);
    const bounds = boundsOf(native);
    expect(bounds.reduce((sum, [, count]) => sum + count, 0)).toBe(500_500);
    let passed = 0;
    for (const [bound, count] of bounds) {
      passed += count;
      const within = Math.min(1000, Math.log2(bound) * 2 ** scale - first);
      expect(passed).toBe((within * (within + 1)) / 2);
    }
  });

  test('is coarser than the schema of one bucket for each octave, if its numbers are far apart', () => {
    const buckets = Float64Array.from({ length: 2046 }, () => 1);
    const native = nativeBuckets({ ...emptyState, count: 2046, scale: 0, first: -1022, buckets });
    expect([native.schema, native.deltas.length]).toEqual([-4, 128]);
  });
});
