/** Spans of OpenTelemetry. */

import { context, ROOT_CONTEXT, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Ensemble, type EnsembleInput } from '../../../src/index.js';

const exporter = new InMemorySpanExporter();

/** The attributes of this package, without their prefix. */
const own = (attributes: ReadableSpan['attributes'] = {}) =>
  Object.fromEntries(
    Object.entries(attributes)
      .filter(([name]) => name.startsWith('flux_ensemble.'))
      .map(([name, value]) => [name.replace('flux_ensemble.', ''), value]),
  );

function spans() {
  const all = exporter.getFinishedSpans();
  const run = all.filter(({ name }) => name.startsWith('run '));
  return {
    run: run[0] as ReadableSpan,
    runs: run.length,
    firings: all.filter((span) => !run.includes(span)),
  };
}

const config: EnsembleInput = {
  jobs: [
    { name: 'a', command: 'true', count: 2 },
    { name: 'b', command: 'false' },
  ],
  rules: [
    { trigger: 'start', action: { name: 'submit', label: 'a' } },
    { trigger: 'job-success', name: 'a', action: { name: 'submit', label: 'b', repetitions: 1 } },
    { trigger: 'job-fail', name: 'b', action: { name: 'exec', command: '/no/such/program' } },
  ],
};

const milliseconds = ([seconds, nanoseconds]: readonly [number, number]) =>
  seconds * 1000 + nanoseconds / 1e6;

test('a process without OpenTelemetry does not look for it', async () => {
  await using ensemble = Ensemble.fromObject(config);
  expect((await ensemble.run()).end).toBe('idle');
  expect(exporter.getFinishedSpans()).toEqual([]);
});

describe('in a process with OpenTelemetry', () => {
  beforeAll(() => {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    trace.setGlobalTracerProvider(
      new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }),
    );
  });
  afterEach(() => exporter.reset());
  afterAll(() => {
    trace.disable();
    context.disable();
  });

  test('a run and its firings are spans below the active one', async () => {
    const parent = trace.getTracer('host').startSpan('host');
    await context.with(trace.setSpan(ROOT_CONTEXT, parent), async () => {
      await using ensemble = Ensemble.fromObject(config, { name: 'study' });
      const { end, metrics } = await ensemble.run();
      expect([end, metrics.status.firings]).toEqual(['idle', 3]);
      const { run, runs, firings } = spans();
      expect([runs, run.name, run.parentSpanContext?.spanId]).toEqual([
        1,
        'run study',
        parent.spanContext().spanId,
      ]);
      expect(own(run.attributes)).toEqual({
        ...{ id: ensemble.id, name: 'study', member: 'local', end: 'idle', firings: 3 },
        ...{
          'jobs.submitted': 3,
          'jobs.succeeded': 2,
          'jobs.failed': 1,
          'jobs.canceled': 0,
          'jobs.retried': 0,
        },
      });
      expect(run.status.code).toBe(SpanStatusCode.UNSET);
      expect(run.events.map(({ name, attributes }) => [name, own(attributes)])).toEqual([
        ['failure', { group: 'b', reason: 'exit status 1', job: expect.stringMatching(/^ƒ/) }],
      ]);
      const [start, next, failed] = firings;
      expect(firings.map(({ name }) => name)).toEqual([
        'start: submit a',
        'job-success a: submit b',
        'job-fail b: exec',
      ]);
      expect(own(next?.attributes)).toMatchObject({
        ...{ 'rule.index': 1, 'rule.name': 'a', trigger: 'job-success', action: 'submit', label: 'b' },
        ...{ group: 'a', job: expect.stringMatching(/^ƒ/), 'firing.number': 1 },
      });
      expect(start?.events.map(({ attributes }) => own(attributes))).toEqual([
        { action: 'submit', text: expect.stringMatching(/2 jobs/) },
      ]);
      expect(failed?.status).toMatchObject({
        code: SpanStatusCode.ERROR,
        message: expect.stringContaining('/no/such/program'),
      });
      expect(failed?.events.map(({ name }) => name)).toEqual(['action', 'exception']);
      for (const span of firings) {
        expect(span.parentSpanContext?.spanId).toBe(run.spanContext().spanId);
        expect(milliseconds(span.startTime)).toBeGreaterThanOrEqual(Math.floor(milliseconds(run.startTime)));
        expect(milliseconds(span.endTime)).toBeLessThanOrEqual(milliseconds(run.endTime) + 1);
      }
    });
  });

  test('the span of a firing has a link to the request for it, and ends when its code has answered', async () => {
    const ensemble = Ensemble.fromObject(config, { watch: true });
    const running = ensemble.run();
    const request = trace.getTracer('host').startSpan('request');
    await context.with(trace.setSpan(ROOT_CONTEXT, request), async () => {
      await ensemble.settled();
      await ensemble.act({ name: 'pause' }, 'ann');
      await ensemble.act({ name: 'terminate' }, 'ann');
    });
    expect((await running).end).toBe('terminated');
    await ensemble.close();
    const { run, firings } = spans();
    expect(run.events.map(({ name }) => name)).toContain('pause');
    const asked = firings.find(({ name }) => name === 'asked by ann: terminate');
    expect(asked?.parentSpanContext?.spanId).toBe(run.spanContext().spanId);
    expect(asked?.links.map(({ context }) => context.spanId)).toEqual([request.spanContext().spanId]);
  });

  test('the error that ends a run is in its span', async () => {
    await using ensemble = Ensemble.fromObject({
      jobs: [{ name: 'a', command: 'true' }],
      rules: [{ trigger: 'start', action: { name: 'exec', command: '/no/such/program', onError: 'stop' } }],
    });
    expect((await ensemble.run()).end).toBe('stopped');
    const { run } = spans();
    expect(run.status.code).toBe(SpanStatusCode.ERROR);
    expect(own(run.attributes)).toMatchObject({ end: 'stopped' });
  });
});
