/** Debian's Chromium, as a user opens the dashboard. */

import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium, type Page } from 'playwright-core';
import { expect } from 'vitest';

const PROGRAM = '/usr/bin/chromium';

/** The reason why tests with a browser are skipped; null where they run. */
export const noBrowser = existsSync(PROGRAM) ? null : `${PROGRAM} is missing`;

export const launch = () => chromium.launch({ executablePath: PROGRAM, args: ['--no-sandbox'] });

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** The rules of axe that a page breaks, with the elements. */
export async function axeFindings(page: Page): Promise<unknown[]> {
  // The page's policy forbids code from elsewhere; the debugger is exempt.
  await page.evaluate(axe);
  return page.evaluate(async () => {
    // biome-ignore lint/suspicious/noExplicitAny: axe is global in the page only
    const { violations } = await (globalThis as any).axe.run();
    return violations.map(({ id, nodes }: { id: string; nodes: { html: string }[] }) => [
      id,
      ...nodes.map(({ html }) => html),
    ]);
  });
}

/** Expects that axe finds nothing, and that the page is not wider than its window. */
export async function expectAccessible(page: Page): Promise<void> {
  expect(await axeFindings(page)).toEqual([]);
  const widths = await page.evaluate<[number, number]>('[document.documentElement.scrollWidth, innerWidth]');
  expect(widths[0]).toBeLessThanOrEqual(widths[1]);
}
