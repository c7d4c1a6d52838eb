import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type SynthOptions, synthesize } from '../../../src/recording/synth.js';
import { root } from '../../support/cli.js';

interface Line {
  readonly id: string;
  readonly name: string;
  readonly timestamp: number;
  readonly shape: string;
}

/** The shape of a value: its keys in their order, and the types of everything else. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? [] : [shapeOf(value[0])];
  if (typeof value !== 'object' || value === null) return typeof value;
  return Object.entries(value).map(([key, inner]) => [key, shapeOf(inner)]);
}

function linesOf(text: string): Line[] {
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('{"id":-1'))
    .map((line) => {
      const { id: _, ...record } = JSON.parse(line);
      const [{ name, timestamp }] = record.events;
      const shape = `${name} ${JSON.stringify(shapeOf(record))}`;
      return { id: /\d+/.exec(line)?.[0] ?? '', name, timestamp, shape };
    });
}

const recorded = (name: string) =>
  linesOf(readFileSync(join(root, 'test/fixtures/journals', `${name}.ndjson`), 'utf8'));
const made = (options: Partial<SynthOptions>) =>
  linesOf(Buffer.concat([...synthesize(options)]).toString('utf8'));

/** The share of events that are older than an earlier event of the stream. */
function shareOfLate(lines: readonly Line[]): number {
  let latest = 0;
  const late = lines.filter(({ timestamp }) => {
    latest = Math.max(latest, timestamp);
    return timestamp < latest;
  });
  return late.length / lines.length;
}

/** The ways of the jobs: the names of their events in order. */
function waysOf(lines: readonly Line[]): Set<string> {
  const ways = new Map<string, string>();
  for (const { id, name } of lines) ways.set(id, `${ways.get(id) ?? ''} ${name}`);
  return new Set(ways.values());
}

describe('synthetic recordings', () => {
  const flux = [...recorded('a_hello'), ...recorded('b_failures'), ...recorded('d_mock2000')];
  const ours = made({ jobs: 3000, failures: 0.3, slots: 500 });

  test('have the keys of real ones', () => {
    const real = new Set(flux.map(({ shape }) => shape));
    const shapes = new Set(ours.map(({ shape }) => shape));
    // Eleven for a plain job. Exec and timeout exceptions differ in the order of their keys; cancel equals
    // exec.
    expect(shapes.size).toBe(13);
    for (const shape of shapes) expect(real).toContain(shape);
  });

  test('have only the known ways in plain jobs', () => {
    const shapes = (lines: readonly Line[]) => new Set(lines.map(({ shape }) => shape));
    expect(shapes(made({ jobs: 500, failures: 0 }))).toEqual(shapes(recorded('a_hello')));
  });

  test('have the ways of real jobs', () => {
    const real = waysOf(flux);
    const ways = waysOf(ours);
    expect(ways.size).toBe(3);
    for (const way of ways) expect(real).toContain(way);
  });

  test('have as many events out of order as real ones', () => {
    const real = shareOfLate(recorded('d_mock2000'));
    expect(real).toBeCloseTo(0.181, 3);
    expect(shareOfLate(made({ jobs: 5000, failures: 0 }))).toBeCloseTo(real, 1);
  });

  test('have a unique id for each job, also beyond the numbers of JavaScript', () => {
    for (const options of [
      {},
      { age: 1e6 },
      { rate: 1e6 },
      { rate: 0.001, slots: 1, meanDuration: 1 },
      { rate: 333.3 },
    ]) {
      const lines = made({ jobs: 1500, failures: 0, ...options });
      expect(new Set(lines.map(({ id }) => id)).size).toBe(1500);
      for (const { id } of lines.slice(0, 50)) expect((BigInt(id) >> 10n) & 0x3fffn).toBe(0n);
    }
  });

  test('have no event of a job before its submit, and no time of a job runs backwards', () => {
    const before = new Map<string, Line>();
    for (const line of ours) {
      const last = before.get(line.id);
      expect(last === undefined).toBe(line.name === 'submit');
      expect(line.timestamp).toBeGreaterThanOrEqual(last?.timestamp ?? 0);
      before.set(line.id, line);
    }
  });

  test('come in pieces of bounded size', () => {
    let bytes = 0;
    for (const piece of synthesize({ jobs: 30_000 })) {
      expect(piece.length).toBeLessThan(2 ** 20);
      bytes += piece.length;
    }
    expect(bytes).toBeGreaterThan(30_000 * 1500);
  });
});
