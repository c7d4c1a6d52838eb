/** The dashboard of a run with `--http`, in a browser. */

import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectAccessible, launch, noBrowser } from '../support/browser.js';
import { eventually, newFolder, type Running, root } from '../support/cli.js';
import { http } from '../support/http.js';
import { Link } from '../support/link.js';
import { tokenFile } from '../support/other-user.js';
import { serveRun, studyOf } from '../support/served-run.js';

const [OPERATOR, VIEWER] = ['o'.repeat(40), 'v'.repeat(40)];
const operator = { headers: { authorization: `Bearer ${OPERATOR}` } };

const study = studyOf(
  `command: "sh -c 'echo job-{{index}} at {{T}}'", count: 30, parameters: {T: [300, 350], P: 1}`,
);

interface Drawing {
  getImageData(x: number, y: number, width: number, height: number): { data: Uint8ClampedArray };
}

describe('the files of the dashboard', () => {
  const folder = join(root, 'dist/web');
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

  test('have less than 150 kB in all', () => {
    const bytes = paths.reduce((sum, path) => sum + gzipSync(readFileSync(path)).length, 0);
    expect(paths.length).toBeGreaterThanOrEqual(4);
    expect(bytes).toBeLessThan(150_000);
  });

  test('are in the package, without their sources', () => {
    const args = ['pack', '--dry-run', '--json', '--ignore-scripts'];
    const [packed] = JSON.parse(execFileSync('npm', args, { cwd: root, encoding: 'utf8' }));
    const packedPaths: string[] = packed.files.map(({ path }: { path: string }) => path);
    expect(packedPaths).toEqual(expect.arrayContaining(paths.map((path) => relative(root, path))));
    expect(packedPaths.filter((path) => path.startsWith('web/'))).toEqual([]);
  });

  test('come with the licenses of all bundled packages', () => {
    const licenses = readFileSync(join(folder, 'LICENSES.txt'), 'utf8');
    expect(licenses).toMatch(/^preact \d[\s\S]*^uplot \d/m);
  });
});

describe.skipIf(noBrowser !== null)(
  `the dashboard in a browser${noBrowser === null ? '' : ` (${noBrowser})`}`,
  () => {
    let browser: Browser;
    let running: Running;
    let port: number;
    let page: Page;
    let link: Link;
    const complaints: string[] = [];
    const requested: string[] = [];

    /** A page of a new session, as that of a new tab. */
    async function open(path: string, options: BrowserContextOptions = {}, token: string | null = null) {
      const context = await browser.newContext(options);
      const opened = await context.newPage();
      opened.on('pageerror', (error) => complaints.push(String(error)));
      opened.on('console', (message) => {
        if (message.type() !== 'error') return;
        // The browser reports each refused request, and each that was cut, by itself.
        if (!/status of 40[01]|net::ERR_/.test(message.text())) complaints.push(message.text());
      });
      opened.on('request', (request) => requested.push(request.url()));
      if (token !== null)
        await opened.addInitScript(`sessionStorage.setItem('flux-ensemble-token', '${token}')`);
      await opened.goto(`http://127.0.0.1:${link.port}/${path}`);
      return opened;
    }

    beforeAll(async () => {
      const launched = launch();
      const tokens = tokenFile(
        newFolder(),
        'tokens',
        `${OPERATOR} name=alice role=operator\n${VIEWER} name=bob role=viewer\n`,
      );
      const options = ['127.0.0.1:0', '--http-token-file', tokens];
      const env = { XDG_STATE_HOME: newFolder(), XDG_RUNTIME_DIR: newFolder() };
      const served = await serveRun(study, options, env);
      const { line } = served;
      running = served.running;
      port = Number(line.address.split(':').at(-1));
      expect(line.page).toBe(`http://127.0.0.1:${port}/`);
      await eventually(
        async () => (await http({ port }, '/ensembles/study', operator)).json.counts.finished === 62,
        'the jobs end',
      );
      browser = await launched;
      link = await Link.to(port);
      page = await open('');
    });
    afterAll(async () => {
      running?.process.kill('SIGKILL');
      await browser?.close();
      await link?.cut();
    });

    test('has a strict policy, and names of assets that may be kept', async () => {
      const index = await http({ port }, '/', { base: '' });
      expect(index.headers['content-security-policy']).toMatch(
        /^default-src 'none'; script-src 'self'; style-src 'self';/,
      );
      expect(index.headers['content-security-policy']).not.toContain('unsafe');
      expect(index.headers).toMatchObject({
        'cache-control': 'no-cache',
        'x-content-type-options': 'nosniff',
      });
      const [, asset = ''] = /src="\.(\/assets\/[^"]+\.js)"/.exec(index.text) ?? [];
      const script = await http({ port }, asset, { base: '', headers: { 'accept-encoding': 'gzip' } });
      expect(script.status).toBe(200);
      expect(script.headers).toMatchObject({
        'cache-control': 'public, max-age=31536000, immutable',
        'content-encoding': 'gzip',
      });
      const rebound = await http({ port }, '/', { base: '', headers: { host: 'evil.example.org' } });
      expect(rebound.status).toBe(421);
      expect((await http({ port }, '/assets/../../package.json', { base: '', ...operator })).status).toBe(
        404,
      );
    });

    test('asks for the token, also after a wrong one', async () => {
      const field = page.getByLabel('Token');
      await field.waitFor();
      await expectAccessible(page);
      await field.fill('x'.repeat(40));
      await page.keyboard.press('Enter');
      await page.getByRole('alert').waitFor();
      await field.fill(OPERATOR);
      await page.keyboard.press('Enter');
      await page.getByRole('link', { name: 'study' }).waitFor();
      await expectAccessible(page);
      expect(page.url()).not.toContain(OPERATOR);
    });

    test('shows a run: groups, rules with what they wait for, failures and firings', async () => {
      await page.getByRole('link', { name: 'study' }).click();
      await page.getByRole('heading', { level: 1, name: /study/ }).waitFor();
      await page.getByRole('row', { name: /quick/ }).first().waitFor();
      expect(await page.getByRole('row', { name: /^quick/ }).innerText()).toMatch(/60 \/ 60/);
      expect(await page.getByRole('img', { name: /^All jobs/ }).getAttribute('aria-label')).toBe(
        'All jobs: 62 of 62 done: 60 succeeded, 2 failed',
      );
      const rule = page.getByRole('listitem').filter({ hasText: 'count.quick.success >= 100' }).first();
      expect(await rule.innerText()).toMatch(/inactive[\s\S]*now 60 of 100/);
      const reasons = page.getByRole('region', { name: 'Why jobs failed' });
      await reasons.getByText('boom').waitFor();
      expect(await reasons.innerText()).toMatch(/2 of 2 jobs failed[\s\S]*exit status 3/);
      expect(await page.getByRole('region', { name: /^Firings/ }).innerText()).toContain('submit quick');
      expect(await page.title()).toBe('study – Overview');
      await expectAccessible(page);
    });

    test('follows what happens', async () => {
      const body = { name: 'submit', label: 'quick', value: 2 };
      expect((await http({ port }, '/ensembles/study/actions', { body, ...operator })).status).toBe(200);
      await page.getByText('62 / 62').first().waitFor();
      await page.getByText('now 62 of 100').waitFor();
      await page.getByText('requested by token:alice').waitFor();
    });

    test('has a table of jobs with a filter, an order and pages, and the output of each', async () => {
      await page.getByRole('link', { name: 'Jobs', exact: true }).click();
      await page.getByText('1–50 of 64 jobs').waitFor();
      await page.getByRole('button', { name: 'Next' }).click();
      await page.getByText('51–64 of 64 jobs').waitFor();
      await page.getByRole('button', { name: 'Previous' }).click();
      await page.getByText('1–50 of 64 jobs').waitFor();
      await page.getByRole('button', { name: 'index' }).click();
      await page
        .getByRole('columnheader', { name: 'index', exact: false })
        .and(page.locator('[aria-sort=ascending]'))
        .waitFor();
      await page.getByLabel('Where').fill('index == 7 and parameters.T == 350');
      await page.getByRole('button', { name: 'Show' }).click();
      await page.getByText('No jobs match').waitFor();
      await page.getByLabel('Where').fill('index == 37');
      await page.keyboard.press('Enter');
      await page.getByText('1–1 of 1 jobs (64 in all)').waitFor();
      await expectAccessible(page);
      const id = page.getByRole('cell').getByRole('button').first();
      await id.click();
      const dialog = page.getByRole('dialog', { name: /^Job / });
      await dialog.getByText('job-37 at 350').waitFor();
      await expectAccessible(page);
      await page.keyboard.press('Escape');
      await dialog.waitFor({ state: 'detached' });
      expect(await id.evaluate((element) => element === element.ownerDocument.activeElement)).toBe(true);
      await page.getByLabel('Where').fill('1 +');
      await page.keyboard.press('Enter');
      await page.getByRole('alert').waitFor();
      await page.getByLabel('Where').fill('');
      await page.getByLabel('Result').selectOption('failed');
      await page.getByText('1–2 of 2 jobs').waitFor();
    });

    test('plots jobs over time, and the distributions of their times', async () => {
      await page.getByRole('link', { name: 'Times' }).click();
      await page
        .getByRole('img', { name: 'Jobs over time; the latest numbers: 0 running, 0 pending' })
        .waitFor();
      await page
        .getByRole('img', { name: /^Histogram of duration: half of the jobs took at most [\d.]+ m?s$/ })
        .waitFor();
      const figure = page.getByRole('figure').filter({ hasText: 'Duration' });
      expect(await figure.innerText()).toMatch(
        /62 jobs[\s\S]*P50 [\d.]+ m?s\s+P95 [\d.]+ m?s\s+P99 [\d.]+ m?s/,
      );
      await expectAccessible(page);
      const utilisation = page.getByRole('img', { name: /^Utilisation over time: latest/ });
      expect(await utilisation.getAttribute('aria-label')).toMatch(/on average [\d.]+ %, of 2 slots$/);
      // The bars and the lines are on the canvas.
      const drawn = await page.locator('canvas').evaluateAll((all) =>
        all.map((each) => {
          const canvas = each as unknown as {
            width: number;
            height: number;
            getContext(kind: '2d'): Drawing;
          };
          const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
          return data.some((value) => value > 0);
        }),
      );
      expect(drawn).toEqual([true, true, true, true]);
    });

    test('has bars of the latest jobs, which arrow keys and Enter reach', async () => {
      const bars = page.getByRole('list', { name: /^Latest jobs/ }).getByRole('button');
      expect(await bars.count()).toBe(64);
      await page.getByLabel('Group').first().selectOption('bad');
      await page.getByRole('img', { name: /^Utilisation over time/ }).waitFor();
      await bars.nth(2).waitFor({ state: 'detached' });
      expect(await bars.first().getAttribute('aria-label')).toMatch(
        /^ƒ\w+ of bad: failed, submitted at .*, pending [\d.]+ m?s, ran [\d.]+ m?s$/,
      );
      await bars.first().focus();
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Enter');
      const dialog = page.getByRole('dialog', { name: /^Job / });
      await dialog.getByText('boom').waitFor();
      await page.keyboard.press('Escape');
      await dialog.waitFor({ state: 'detached' });
      const isFocused = await bars.nth(1).evaluate((each) => each === each.ownerDocument.activeElement);
      expect(isFocused).toBe(true);
      await page.getByLabel('Group').first().selectOption('');
    });

    test('plots jobs by their parameters, as points and as a table of colors', async () => {
      await page.getByRole('link', { name: 'Parameters' }).click();
      await page.getByRole('img', { name: /^duration by T of 62 jobs/ }).waitFor();
      await expectAccessible(page);
      await page.getByText('Means as a table').click();
      const means = page.getByRole('row', { name: /^3[05]0/ });
      expect(await means.allInnerTexts()).toEqual([
        expect.stringMatching(/^300\s+[\d.]+ m?s\s+32$/),
        expect.stringMatching(/^350\s+[\d.]+ m?s\s+30$/),
      ]);
      await page.getByLabel('Y axis').selectOption({ label: 'P' });
      const cells = page.getByRole('region', { name: 'Heat map' }).getByRole('cell');
      await cells.first().waitFor();
      await page.getByLabel('Color').selectOption({ label: 'failures' });
      await page.getByText('Share of failures by T and P').waitFor();
      expect(await cells.allInnerTexts()).toEqual(['0 %', '0 %']);
      await expectAccessible(page);
    });

    test('gets plots whose size does not depend on the jobs', async () => {
      const answerOf = (path: string, query: Record<string, string>) =>
        http(
          { port },
          `/ensembles/study/${path}?${new URLSearchParams({ group: 'quick', ...query })}`,
          operator,
        );
      const [x, y] = ['parameters.T', 'parameters.P'];
      const timeline = (await answerOf('timeline', { latest: '3', parts: '7' })).json;
      expect(timeline).toMatchObject({ matching: 62, timeline: { used: { unit: 'slots', size: 2 } } });
      expect([timeline.latest.length, timeline.timeline?.running.means.length]).toEqual([3, 7]);
      const { variables } = (await answerOf('variables', {})).json;
      expect(variables).toMatchObject([
        { name: 'parameters.T', distinct: 2, min: 300, max: 350 },
        { name: 'parameters.P', distinct: 1 },
        { name: 'duration', jobs: 62 },
        { name: 'pending' },
      ]);
      const heat = (await answerOf('heatmap', { x, y, value: 'failure' })).json;
      expect(heat).toMatchObject({
        jobs: 62,
        cells: [
          { x: 0, y: 0, count: 32, mean: 0 },
          { x: 1, count: 30 },
        ],
      });
      const points = { x, y: 'duration', color: 'pending', points: '10', where: 'parameters.T == 300' };
      const scatter = (await answerOf('scatter', points)).json;
      expect([scatter.x.length, scatter.jobs, scatter.means.length]).toEqual([10, 32, 1]);
      const unknown = await answerOf('heatmap', { x, value: 'parameters.V' });
      expect(unknown).toMatchObject({ status: 400, json: { code: 'ERR_REQUEST' } });
      await page.getByRole('link', { name: 'Times' }).click();
    });

    test('acts after a confirmation', async () => {
      await page.getByRole('button', { name: 'Pause rules' }).click();
      const sure = page.getByRole('dialog', { name: 'Are you sure?' });
      await sure.getByRole('button', { name: 'No' }).click();
      expect((await http({ port }, '/ensembles/study', operator)).json.paused).toBe(false);
      await page.getByRole('button', { name: 'Pause rules' }).click();
      await sure.getByRole('button', { name: 'Yes, pause' }).click();
      await page.getByRole('button', { name: 'Resume rules' }).click();
      await sure.getByRole('button', { name: 'Yes, resume' }).click();
      await page.getByRole('button', { name: 'Act…' }).click();
      const act = page.getByRole('dialog', { name: 'Act' });
      await act.getByLabel('Action').selectOption('grow');
      await act.getByLabel('By').fill('2');
      await expectAccessible(page);
      await page.keyboard.press('Enter');
      await sure.getByText('Grow: 2?').waitFor();
      await sure.getByRole('button', { name: 'Yes, grow' }).click();
      await page.getByText('of size 4').waitFor();
    });

    test('fits a phone and the dark', async () => {
      const phone = await open(
        '#/runs/study',
        { viewport: { width: 360, height: 740 }, colorScheme: 'dark', reducedMotion: 'reduce' },
        VIEWER,
      );
      await phone.getByRole('row', { name: /quick/ }).first().waitFor();
      await expectAccessible(phone);
      await phone.getByRole('link', { name: 'Jobs', exact: true }).click();
      await phone.getByText('1–50 of 64 jobs').waitFor();
      await expectAccessible(phone);
      await phone.getByRole('link', { name: 'Times' }).click();
      await phone.getByRole('img', { name: /^Histogram of pending/ }).waitFor();
      await expectAccessible(phone);
      await phone.getByRole('link', { name: 'Parameters' }).click();
      await phone.getByRole('img', { name: /^duration by T/ }).waitFor();
      await expectAccessible(phone);
      await phone.getByLabel('X axis').selectOption('duration');
      await phone.getByLabel('Y axis').selectOption('parameters.T');
      await phone.getByRole('region', { name: 'Heat map' }).waitFor();
      await expectAccessible(phone);
      expect(await phone.getByRole('button', { name: /Pause|Act|Terminate/ }).count()).toBe(0);
      await phone.context().close();
    });

    test('shows a lost connection, and goes on when the server is reached again', async () => {
      await link.cut();
      await page.getByText('Connection lost').waitFor();
      expect(await page.getByRole('list', { name: /^Latest jobs/ }).count()).toBe(1);
      await page.getByRole('link', { name: 'Overview' }).click();
      await expectAccessible(page);
      const body = { name: 'submit', label: 'quick', value: 1 };
      await http({ port }, '/ensembles/study/actions', { body, ...operator });
      await link.mend();
      await page.getByText('63 / 63').first().waitFor();
      expect(await page.getByText('Connection lost').count()).toBe(0);
    });

    test('shows the end of the run', async () => {
      const body = { name: 'terminate' };
      await http({ port }, '/ensembles/study/actions', { body, ...operator });
      await page.getByText('ended: terminated').waitFor();
      expect((await running.finished).status).toBe(1);
      expect(await page.getByText('63 / 63').count()).toBeGreaterThan(0);
      // The server has ended with the run. The page has seen the jobs over time itself.
      await page.getByRole('link', { name: 'Times' }).click();
      await page.getByRole('alert').first().waitFor();
      await page.getByRole('img', { name: /^Jobs over time; the latest numbers: 0 running/ }).waitFor();
    });

    test('requests nothing from elsewhere, and breaks none of its own policies', () => {
      expect(requested.length).toBeGreaterThan(10);
      expect(
        requested.filter(
          (url) => !url.startsWith(`http://127.0.0.1:${link.port}/`) && !url.startsWith('data:'),
        ),
      ).toEqual([]);
      expect(complaints).toEqual([]);
    });
  },
);
