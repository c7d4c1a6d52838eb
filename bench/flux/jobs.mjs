// Our counterpart of the C programs that submit, as a separate process:
//
//   node jobs.mjs submit COUNT [once|all]            accepted jobs a second; the validator sees one job, or all
//   node jobs.mjs hop HOPS [once|all] [blocked]      milliseconds from a finish to the next submit, as hop.c; blocked:
//                                                    the event loop hangs in busy loops of 200 ms meanwhile
//   node jobs.mjs group JOBS                         seconds for a group and a follow-up by rule, with an ensemble

import { readFileSync } from 'node:fs';
import { Ensemble } from '../../dist/index.js';
import { jobspecFile, loadGroup, mock } from './programs.mjs';
import { makeEngine, makeRule, openFlux, stop, tell } from './session.mjs';

/** Returns the C programs' jobspec in the form of the engine, which adds each job's origin. */
function portion(count) {
  const text = readFileSync(jobspecFile(), 'utf8');
  const end = '}}}';
  if (!text.endsWith(`"user":{"group":"${loadGroup}"${end}`)) throw new Error('unexpected jobspec');
  return { head: `${text.slice(0, -end.length)},"origin":{`, tail: `}${end}`, count, urgency: 16 };
}

async function submit(count, validate) {
  const engine = makeEngine([]);
  await engine.start(Date.now() / 1000);
  await openFlux(engine, { validateOnce: validate === 'once' });
  const begin = performance.now();
  const report = await engine.source.submit(portion(count), { rule: 0, firing: 0, index: 0, attempt: 0 });
  const seconds = (performance.now() - begin) / 1000;
  if (report.accepted !== count) throw new Error(`${report.accepted} of ${count} jobs: ${report.reason}`);
  tell({ seconds, rate: count / seconds });
}

async function hop(hops, validate, blocked) {
  const next = makeRule({ trigger: 'job', event: 'finish', repetitions: hops, submit: [portion(1)] });
  const engine = makeEngine([next]);
  const events = engine.events();
  const waits = [];
  const reading = (async () => {
    let finish = 0;
    for await (const batch of events) {
      for (const { name, timestamp } of batch) {
        if (name === 'finish') {
          finish = timestamp;
          if (waits.length === hops) return;
        } else if (name === 'submit' && finish > 0) {
          waits.push((timestamp - finish) * 1000);
        }
      }
    }
  })();
  await engine.start(Date.now() / 1000);
  await openFlux(engine, { validateOnce: validate === 'once' });
  await engine.source.submit(portion(1), { rule: 0, firing: 0, index: 0, attempt: 0 });
  const busy = blocked ? setInterval(() => block(200), 0) : undefined;
  await reading;
  clearInterval(busy);
  waits.sort((a, b) => a - b);
  tell({ hops: waits.length, p50: waits[hops >> 1], p99: waits[Math.floor(hops * 0.99)] });
}

function block(milliseconds) {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

async function group(jobs) {
  const job = { command: '/bin/true', workdir: '/tmp', attributes: mock };
  const ensemble = Ensemble.fromObject(
    {
      jobs: [
        { ...job, name: 'many', count: jobs },
        { ...job, name: 'last', count: 1 },
      ],
      rules: [
        { trigger: 'start', action: { name: 'submit', label: 'many' } },
        {
          trigger: 'metric',
          name: 'count.many.finished',
          when: `== ${jobs}`,
          action: { name: 'submit', label: 'last' },
        },
      ],
    },
    { member: 'flux' },
  );
  const begin = performance.now();
  const { end, error, metrics } = await ensemble.run();
  const seconds = (performance.now() - begin) / 1000;
  if (end !== 'idle' || metrics.groups.get('last').count.success !== 1) {
    throw error ?? new Error(`the ensemble ended: ${end}`);
  }
  tell({ seconds });
}

const [mode, count, ...rest] = process.argv.slice(2);
if (mode === 'submit') await submit(Number(count), rest[0] ?? 'once');
if (mode === 'hop') await hop(Number(count), rest[0] ?? 'once', rest[1] === 'blocked');
if (mode === 'group') await group(Number(count));
stop();
