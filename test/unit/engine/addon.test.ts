import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { loadAddon } from '../../../src/engine/addon.js';
import { EnsembleError } from '../../../src/errors.js';

const folder = mkdtempSync(join(tmpdir(), 'addon-'));
afterAll(() => rmSync(folder, { recursive: true }));
let written = 0;

const { abi, countNames, statisticNames, keptStatistics } = loadAddon();

/** The error of loading a module with these exports in place of the addon. */
function refusalOf(exports: object): string {
  const path = join(folder, `addon-${written++}.cjs`);
  const real = { abi, countNames, statisticNames, keptStatistics };
  writeFileSync(path, `module.exports = ${JSON.stringify({ ...real, ...exports })}`);
  try {
    loadAddon(path);
    return '';
  } catch (error) {
    expect(error).toBeInstanceOf(EnsembleError);
    expect((error as EnsembleError).code).toBe('ERR_ADDON');
    return (error as Error).message;
  }
}

/** The list with its first two items exchanged. */
const exchanged = ([first = '', second = '', ...rest]: readonly string[]) => [second, first, ...rest];

test('an addon with the same number and tables is loaded', () => {
  expect(refusalOf({})).toBe('');
  expect(refusalOf({ statisticNames: [...statisticNames.slice(0, -2), 'pmad', 'piqr'] })).toBe('');
});

test('an addon with another interface is refused', () => {
  expect(refusalOf({ abi: abi + 1 })).toContain('belongs to another version of this package; it is built');
});

test('an addon with other counts is refused, and both lists are shown', () => {
  const message = refusalOf({ countNames: [...countNames, 'lost'] });
  expect(message).toContain(
    `its counts are ${countNames.join(', ')}, lost; this package needs ${countNames.join(', ')})`,
  );
  expect(message).toContain('npm rebuild flux-ensemble');
  expect(refusalOf({ countNames: exchanged(countNames) })).toContain('its counts are finished, submitted,');
});

test('an addon with other statistics is refused', () => {
  expect(refusalOf({ statisticNames: exchanged(statisticNames) })).toContain(
    'its kept statistics are variance, mean,',
  );
  expect(refusalOf({ keptStatistics: keptStatistics - 1 })).toContain('its kept statistics are');
  const skewed = [...statisticNames, 'skewness'];
  expect(refusalOf({ statisticNames: skewed })).toContain('its other statistics are count, ewma,');
});
