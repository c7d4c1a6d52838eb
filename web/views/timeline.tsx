/** Running and pending jobs over time. */

import { useEffect, useState } from 'preact/hooks';
import uPlot from 'uplot';
import { type Client, pathOf, withQuery } from '../api/client.js';
import type { JobsPage } from '../api/types.js';
import { formatCount, formatNumber } from '../format/numbers.js';
import { axis, type ColorOf, Plot } from '../parts/plot.js';
import { Section } from '../parts/section.js';
import type { RunStore } from '../store/run.js';
import { type JobTimes, pointsOf } from '../store/timeline.js';

/** The time before the page was opened is read from the jobs of runs with at most this many. */
const CHEAP = 1000;

export function TimelineView({ client, store }: { readonly client: Client; readonly store: RunStore }) {
  const [, again] = useState(0);
  useEffect(() => {
    const stop = new AbortController();
    void loadEarlier(client, store, stop.signal).then((loaded) => loaded && again((count) => count + 1));
    return () => stop.abort();
  }, [client, store]);
  const { points } = store.timeline;
  const last = points.at(-1);
  const data: uPlot.AlignedData = [
    points.map(({ time }) => time),
    points.map(({ running }) => running),
    points.map(({ pending }) => pending),
  ];
  const now =
    last === undefined ? '' : `${formatCount(last.running)} running, ${formatCount(last.pending)} pending`;
  return (
    <Section title="Jobs over time">
      <figure class="card">
        <figcaption class="legend">
          <span>
            <i class="swatch bar-running" aria-hidden="true" /> running
          </span>
          <span>
            <i class="swatch line-pending" aria-hidden="true" /> pending
          </span>
          <span>
            {now}
            {store.ensemble?.size ? ` (size ${formatCount(store.ensemble.size)})` : ''}
          </span>
        </figcaption>
        <Plot
          label={`Jobs over time; the latest numbers: ${now}`}
          kind="timeline"
          data={data}
          options={optionsOf}
        />
      </figure>
    </Section>
  );
}

/** Returns whether points were added. A run without a log has only the points that the page has seen. */
async function loadEarlier(client: Client, store: RunStore, signal: AbortSignal): Promise<boolean> {
  const { ensemble, timeline } = store;
  if (timeline.complete || ensemble === null || ensemble.counts.submitted > CHEAP) return false;
  try {
    const columns = 'submit,start,finish';
    const path = withQuery(pathOf(store.id, 'jobs'), { columns, limit: CHEAP });
    const page = await client.get<JobsPage>(path, signal);
    if (page.next !== null || timeline.complete) return false;
    timeline.prepend(pointsOf(page.jobs as unknown as JobTimes[]));
    return true;
  } catch {
    return false;
  }
}

function optionsOf(color: ColorOf): Omit<uPlot.Options, 'width' | 'height'> {
  const { stepped } = uPlot.paths;
  const steps = stepped === undefined ? {} : { paths: stepped({ align: 1 }) };
  return {
    legend: { show: false },
    cursor: { show: false },
    scales: { y: { range: (_plot, _min, max) => [0, Math.max(1, max * 1.05)] } },
    axes: [axis(color), axis(color, { values: (_plot, splits) => splits.map(formatNumber) })],
    series: [
      {},
      {
        stroke: color('running'),
        fill: `${color('running')}55`,
        width: 1.5,
        points: { show: false },
        ...steps,
      },
      { stroke: color('pending-line'), width: 2, points: { show: false }, ...steps },
    ],
  };
}
