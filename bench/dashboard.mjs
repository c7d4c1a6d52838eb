// The dashboard of a run with a million jobs in 100 groups, in Debian's Chromium: its first paint, the cost of an update,
// its memory after an hour, and what open dashboards cost the server.

import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { chromium } from 'playwright-core';
import { withFolder } from './journals.mjs';
import { median, show, spread } from './measure.mjs';
import { start } from './programs.mjs';

const jobs = 1_000_000;
const groups = 100;
/** Jobs whose events come while the page is measured, and the events a second. */
const later = 200_000;
const eventsPerSecond = 10_000;
const loads = 5;
const viewSeconds = 8;
const cpuSeconds = 10;
/** Long enough for the log to be read again. */
const pollSeconds = 30;
/** Milliseconds between two updates of the page, and between two of the server. */
const pagePace = 300;
const serverPace = 250;
const browserPath = '/usr/bin/chromium';
/** The hour of updates passes this many times as fast. */
const speed = 50;
const updatesOfHour = (3600 * 1000) / serverPace;

const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

async function openPage(browser, port, view, script = null) {
  const context = await browser.newContext();
  const page = await context.newPage();
  // Renders are counted by the changes of the document.
  await page.addInitScript(() => {
    globalThis.renders = 0;
    addEventListener('DOMContentLoaded', () => {
      const all = { subtree: true, childList: true, characterData: true, attributes: true };
      new MutationObserver(() => globalThis.renders++).observe(document.body, all);
    });
  });
  if (script !== null) await page.addInitScript(script, speed);
  await page.goto(`http://127.0.0.1:${port}/#/runs/bench${view}`);
  await page.locator('h1').waitFor();
  return page;
}

/** Milliseconds until something is painted, and until all groups are there. */
async function firstPaint(browser, port, count) {
  const page = await openPage(browser, port, '');
  await page.waitForFunction((all) => document.querySelectorAll('.groups tbody tr').length === all, count);
  const [painted, whole] = await page.evaluate(() => [
    performance.getEntriesByName('first-contentful-paint')[0]?.startTime,
    performance.now(),
  ]);
  await page.context().close();
  return { painted, whole };
}

/** The tasks of the page's main thread during some seconds: milliseconds an update, and of the longest task. */
async function tasksOf(browser, page) {
  const before = await page.evaluate('renders');
  await browser.startTracing(page, { categories: ['toplevel', 'disabled-by-default-devtools.timeline'] });
  await pause(viewSeconds);
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString());
  const updates = (await page.evaluate('renders')) - before;
  const isMain = ({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain';
  const threads = traceEvents.filter(isMain).map(({ pid, tid }) => `${pid} ${tid}`);
  // The time on the processor: other processes of the machine do not count.
  const durations = traceEvents
    .filter(({ name, pid, tid }) => name === 'RunTask' && threads.includes(`${pid} ${tid}`))
    .map(({ tdur = 0 }) => tdur / 1000);
  return {
    update: durations.reduce((sum, each) => sum + each, 0) / updates,
    longest: Math.max(...durations),
    updates,
  };
}

/** Serves the page with the events of an hour, which come as fast as the page takes them. */
async function hourServer(port) {
  const base = `http://127.0.0.1:${port}`;
  let sent = 0;
  const server = createServer(async (request, response) => {
    if (!request.url.endsWith('/events')) {
      const answer = await fetch(base + request.url);
      response.setHeader('content-type', answer.headers.get('content-type') ?? 'text/plain');
      response.statusCode = answer.status;
      response.end(Buffer.from(await answer.arrayBuffer()));
      return;
    }
    response.setHeader('content-type', 'text/event-stream');
    const state = await stateOf(base);
    const send = async (event, data) => {
      const isTaken = response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
      if (!isTaken) await new Promise((resolve) => response.once('drain', resolve));
    };
    await send('state', state);
    const { ensemble, groups: all } = state;
    for (sent = 0; sent < updatesOfHour; sent++) {
      ensemble.updated += serverPace / 1000;
      ensemble.elapsed += serverPace / 1000;
      for (const { counts } of [ensemble, ...all]) {
        for (const name of ['submitted', 'finished', 'success']) counts[name]++;
      }
      await send('change', { ensemble, groups: all });
      if (sent % 4 === 0) await send('firing', { number: sent, rule: 0, name: 'r', time: ensemble.updated });
      await pause(serverPace / 1000 / speed);
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, port: server.address().port, sent: () => sent };
}

/** The first event of a stream. */
async function stateOf(base) {
  const stop = new AbortController();
  const answer = await fetch(`${base}/api/v1/ensembles/bench/events`, { signal: stop.signal });
  let text = '';
  for await (const piece of answer.body.pipeThrough(new TextDecoderStream())) {
    text += piece;
    const found = /event: state\n(?:id: .*\n)?data: (.*)\n\n/.exec(text);
    if (found === null) continue;
    stop.abort();
    return JSON.parse(found[1]);
  }
  throw new Error('the stream has no state');
}

/** Timers and clocks of the page that run faster. */
function fasterClocks(times) {
  const { setTimeout: later, setInterval: again } = globalThis;
  globalThis.setTimeout = (call, wait = 0, ...args) => later(call, wait / times, ...args);
  globalThis.setInterval = (call, wait = 0, ...args) => again(call, wait / times, ...args);
  const now = performance.now.bind(performance);
  performance.now = () => now() * times;
}

async function heapOf(page) {
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.enable');
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  const { nodes } = await session.send('Memory.getDOMCounters');
  await session.detach();
  return { bytes: usedSize, nodes };
}

async function hour(browser, port) {
  const served = await hourServer(port);
  const page = await openPage(browser, served.port, '', fasterClocks);
  const reached = async (updates) => {
    while (served.sent() < updates) await pause(0.2);
  };
  await reached(updatesOfHour / 60);
  const before = await heapOf(page);
  await reached(updatesOfHour);
  const after = await heapOf(page);
  const renders = await page.evaluate('renders');
  await page.context().close();
  served.server.closeAllConnections();
  served.server.close();
  return { before, after, renders };
}

/** The share of a core that the server takes with some open dashboards. `mode` is one of the clients. */
async function cpuShare(server, port, dashboards, mode = 'readers', measured = cpuSeconds) {
  const clients = dashboards === 0 ? null : start('http-client.mjs', mode, port, dashboards);
  await clients?.line();
  await pause(2);
  const [before, begun] = [Number(await server.ask('cpu')), performance.now()];
  await pause(measured);
  const seconds = Number(await server.ask('cpu')) - before;
  clients?.child.kill();
  return (100 * seconds * 1000) / (performance.now() - begun);
}

export async function run() {
  if (!existsSync(browserPath)) {
    console.log(`(the rows of the dashboard are skipped: ${browserPath} is missing)`);
    return [];
  }
  return withFolder(async (folder) => {
    const server = start('dashboard-server.mjs', folder, jobs, groups, later, eventsPerSecond);
    const small = start('dashboard-server.mjs', folder, 1, 1, 0, eventsPerSecond);
    const browser = await chromium.launch({ executablePath: browserPath, args: ['--no-sandbox'] });
    try {
      const [port, smallPort] = [Number(await server.line()), Number(await small.line())];
      const paints = { ours: [], small: [] };
      for (let load = -1; load < loads; load++) {
        const ours = await firstPaint(browser, port, groups);
        const other = await firstPaint(browser, smallPort, 1);
        if (load < 0) continue;
        paints.ours.push(ours);
        paints.small.push(other);
      }
      const { before, after, renders } = await hour(browser, port);
      await server.ask('feed\ncpu');
      const views = [];
      for (const [title, view, ready] of [
        ['Overview', '', '.groups'],
        ['Times', '/times', '.gantt'],
        ['Parameters', '/parameters', '.heat'],
      ]) {
        const page = await openPage(browser, port, view);
        await page.locator(ready).waitFor();
        await pause(2);
        views.push({ title, ...(await tasksOf(browser, page)) });
        await page.context().close();
      }
      const none = await cpuShare(server, port, 0);
      const one = await cpuShare(server, port, 1);
      const ten = await cpuShare(server, port, 10);
      const oneOfTimes = await cpuShare(server, port, 1, 'dashboards', pollSeconds);
      const tenOfTimes = await cpuShare(server, port, 10, 'dashboards', pollSeconds);
      const of = (name) => [paints.ours, paints.small].map((list) => list.map((each) => each[name]));
      const [painted, smallPainted] = of('painted');
      const [whole, smallWhole] = of('whole');
      const size = `${jobs} jobs in ${groups} groups`;
      return [
        {
          name: `the first paint of the dashboard, ${size}`,
          value: spread(painted, 'ms'),
          baseline: `one job ${spread(smallPainted, 'ms')}`,
          ratio: median(smallPainted) / median(painted),
        },
        {
          name: 'until all groups are on the page',
          value: spread(whole, 'ms'),
          baseline: `one group ${spread(smallWhole, 'ms')}`,
          ratio: median(smallWhole) / median(whole),
        },
        ...views.flatMap(({ title, update, longest, updates }) => [
          {
            name: `the main thread of the page for an update of ${title}, all groups changed`,
            value: `${show(update)} ms (${updates} updates)`,
            baseline: `the time between two updates ${pagePace} ms`,
            ratio: pagePace / update,
          },
          {
            name: `the longest task of ${title}`,
            value: `${show(longest)} ms`,
            baseline: 'a task that users notice 50 ms',
            ratio: 50 / longest,
          },
        ]),
        {
          name: `the memory of the page after an hour of updates, ${speed} times as fast (${renders} renders)`,
          value: `${show(after.bytes / 1e6)} MB, ${after.nodes} nodes`,
          baseline: `after a minute ${show(before.bytes / 1e6)} MB, ${before.nodes} nodes`,
          ratio: before.bytes / after.bytes,
        },
        {
          name: `the server's CPU for one open dashboard, ${eventsPerSecond} events a second`,
          value: `${show(one)} % of a core`,
          baseline: `without one ${show(none)} %`,
          ratio: none / one,
        },
        {
          name: 'the same for ten dashboards',
          value: `${show(ten)} % of a core`,
          baseline: `for one ${show(one)} %`,
          ratio: one / ten,
        },
        {
          name: 'the same for ten dashboards that show Times, with the jobs read from the log',
          value: `${show(tenOfTimes)} % of a core`,
          baseline: `for one ${show(oneOfTimes)} %`,
          ratio: oneOfTimes / tenOfTimes,
        },
      ];
    } finally {
      await browser.close();
      for (const { child } of [server, small]) child.kill();
    }
  });
}
