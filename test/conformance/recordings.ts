import { readFileSync } from 'node:fs';

const folder = new URL('../fixtures/journals/', import.meta.url);

export function fixture(name: string): string {
  return readFileSync(new URL(name, folder), 'utf8');
}

export const recordings = [
  'a_hello',
  'b_failures',
  'c_backlog_active',
  'c_backlog_false_empty',
  'c_backlog_full',
  'c_backlog_full_allow',
  'd_mock2000',
  'd_mock2000_backlog',
] as const;

export function recording(name: (typeof recordings)[number]): string {
  return fixture(`${name}.ndjson`);
}

/** The final results that Flux reported for the jobs of recordings a and b: id -> result. */
export function fluxResults(): Map<bigint, string> {
  const lines = fixture('b_failures.outcomes.txt').trimEnd().split('\n');
  return new Map(
    lines.map((line) => {
      const [id, , result] = line.split(' ');
      return [BigInt(id as string), result as string];
    }),
  );
}
