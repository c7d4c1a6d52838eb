/** Jobs over time: how many ran and waited, the slots or nodes they had, and the latest ones as bars. */

import { useState } from 'preact/hooks';
import type uPlot from 'uplot';
import { type Client, pathOf, withQuery } from '../../src/api/client/client.js';
import type { TimelineResource } from '../api/types.js';
import { formatCount, formatNumber } from '../format/numbers.js';
import { useLoaded } from '../parts/hooks.js';
import { axis, type ColorOf, Plot, stepped, timeAxis } from '../parts/plot.js';
import { Failure, Section } from '../parts/section.js';
import { Select } from '../parts/select.js';
import type { RunStore } from '../store/run.js';
import { joined, type Point } from '../store/timeline.js';
import { Gantt } from './gantt.js';
import { JobDialog } from './job-dialog.js';
import { Utilisation } from './utilisation.js';

/** Seconds between two looks at the jobs of a run that goes on. */
const PACE = 4;

export function TimelineView({ client, store }: { readonly client: Client; readonly store: RunStore }) {
  const [group, setGroup] = useState('');
  const [job, setJob] = useState<string | null>(null);
  const path = withQuery(pathOf(store.id, 'timeline'), { group });
  const goesOn = store.connection.state !== 'ended';
  const { value, error } = useLoaded(
    (signal) => client.get<TimelineResource>(path, signal),
    path,
    goesOn ? PACE : null,
  );
  const timeline = value?.timeline ?? null;
  // The page has seen the jobs of all groups only.
  const seen = group === '' ? store.timeline.points : [];
  return (
    <>
      <Section title="Jobs over time">
        {store.groups.size < 2 ? null : (
          <p>
            <Select
              label="Group"
              empty="all"
              value={group}
              options={[...store.groups.keys()]}
              change={setGroup}
            />
          </p>
        )}
        <Running points={timeline === null ? seen : joined(timeline, seen)} store={store} />
        {timeline === null ? null : <Utilisation timeline={timeline} />}
        <Failure error={error} />
        {value?.damage ? <p class="failure">{value.damage}</p> : null}
      </Section>
      {value === null || timeline === null ? null : (
        <Gantt jobs={value.latest} until={timeline.end} matching={value.matching} open={setJob} />
      )}
      {job === null ? null : <JobDialog client={client} id={store.id} job={job} close={() => setJob(null)} />}
    </>
  );
}

function Running({ points, store }: { readonly points: readonly Point[]; readonly store: RunStore }) {
  const last = points.at(-1);
  const size = store.ensemble?.size ?? null;
  const data: uPlot.AlignedData = [
    points.map(({ time }) => time),
    points.map(({ running }) => running),
    points.map(({ pending }) => pending),
  ];
  const now =
    last === undefined ? '' : `${formatCount(last.running)} running, ${formatCount(last.pending)} pending`;
  return (
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
          {size === null ? '' : ` (size ${formatCount(size)})`}
        </span>
      </figcaption>
      <Plot
        label={`Jobs over time; the latest numbers: ${now}`}
        kind="timeline"
        data={data}
        options={optionsOf}
      />
    </figure>
  );
}

function optionsOf(color: ColorOf): Omit<uPlot.Options, 'width' | 'height'> {
  return {
    legend: { show: false },
    cursor: { show: false },
    scales: { y: { range: (_plot, _min, max) => [0, Math.max(1, max * 1.05)] } },
    axes: [timeAxis(color), axis(color, { size: 60, values: (_plot, splits) => splits.map(formatNumber) })],
    series: [
      {},
      {
        stroke: color('running'),
        fill: `${color('running')}55`,
        width: 1.5,
        points: { show: false },
        ...stepped(),
      },
      { stroke: color('pending-line'), width: 2, points: { show: false }, ...stepped() },
    ],
  };
}
