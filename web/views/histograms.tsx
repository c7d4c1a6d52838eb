/** How long the jobs of a group ran and waited. */

import { useState } from 'preact/hooks';
import uPlot from 'uplot';
import { type Client, pathOf } from '../../src/api/client/client.js';
import type { HistogramResource, HistogramsResource } from '../api/types.js';
import { formatCount, formatNumber } from '../format/numbers.js';
import { formatSeconds } from '../format/times.js';
import { useLoaded } from '../parts/hooks.js';
import { axis, type ColorOf, Plot } from '../parts/plot.js';
import { Failure, Section } from '../parts/section.js';
import { Select } from '../parts/select.js';
import { type Bars, barsOf, numberAt } from '../store/histogram.js';

const MOST_BARS = 60;
/** Seconds between two looks. */
const PACE = 4;

interface HistogramsProps {
  readonly client: Client;
  readonly id: string;
  readonly groups: readonly string[];
}

export function Histograms({ client, id, groups }: HistogramsProps) {
  const [chosen, setGroup] = useState('');
  const group = chosen === '' ? (groups[0] ?? '') : chosen;
  const path = `${pathOf(id, 'groups', group, 'histograms')}?buckets=${MOST_BARS}`;
  const { value, error } = useLoaded((signal) => client.get<HistogramsResource>(path, signal), path, PACE);
  if (group === '') return null;
  return (
    <Section title="Duration and pending">
      <p>
        <Select label="Group" value={group} options={groups} change={setGroup} />
      </p>
      <Failure error={error} />
      {value === null ? null : (
        <div class="plots">
          <Histogram title="Duration" histogram={value.duration} />
          <Histogram title="Pending" histogram={value.pending} />
        </div>
      )}
    </Section>
  );
}

function Histogram({ title, histogram }: { readonly title: string; readonly histogram: HistogramResource }) {
  const bars = barsOf(histogram);
  const { count, sum, min, max, scale, first, buckets, quantiles } = histogram;
  const facts: (readonly [string, string])[] = [
    ['P50', formatSeconds(quantiles.p50)],
    ['P95', formatSeconds(quantiles.p95)],
    ['P99', formatSeconds(quantiles.p99)],
    ['mean', formatSeconds(count === 0 ? null : sum / count)],
    ['least', formatSeconds(min)],
    ['most', formatSeconds(max)],
  ];
  return (
    <figure class="card">
      <figcaption>
        <h3>
          {title} <small>{formatCount(count)} jobs</small>
        </h3>
        <p class="facts">
          {facts.map(([name, text]) => (
            <span key={name}>
              {name} {text}
            </span>
          ))}
        </p>
      </figcaption>
      {bars === null ? (
        <p>No numbers yet.</p>
      ) : (
        <Plot
          label={`Histogram of ${title.toLowerCase()}: half of the jobs took at most ${formatSeconds(quantiles.p50)}`}
          kind={`${scale} ${first} ${buckets.length} ${JSON.stringify(quantiles)}`}
          data={[[...bars.places], [...bars.counts]]}
          options={(color) => optionsOf(bars, histogram, color)}
        />
      )}
    </figure>
  );
}

function optionsOf({ marks }: Bars, { scale, first, buckets }: HistogramResource, color: ColorOf) {
  const bars = uPlot.paths.bars;
  return {
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: { time: false, range: () => [first - 0.5, first + buckets.length + 0.5] as [number, number] },
      // The names of the marks are above the bars.
      y: {
        range: (_plot: uPlot, _min: number, max: number) => [0, Math.max(1, max * 1.45)] as [number, number],
      },
    },
    axes: [
      axis(color, {
        space: 70,
        values: (_plot, splits) =>
          splits.map((place) => formatSeconds(Number(numberAt(place, scale).toPrecision(2)))),
      }),
      axis(color, { values: (_plot, splits) => splits.map(formatNumber), incrs: INCREMENTS }),
    ],
    series: [
      {},
      {
        fill: color('running'),
        width: 0,
        points: { show: false },
        ...(bars === undefined ? {} : { paths: bars({ size: [0.9, 100] }) }),
      },
    ],
    hooks: { draw: [(plot: uPlot) => drawMarks(plot, marks, color)] },
  } satisfies Omit<uPlot.Options, 'width' | 'height'>;
}

/** Steps of an axis with whole numbers. */
const INCREMENTS = [1, 2, 5]
  .flatMap((digit) => Array.from({ length: 10 }, (_, power) => digit * 10 ** power))
  .sort((a, b) => a - b);

function drawMarks(plot: uPlot, marks: Bars['marks'], color: ColorOf): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.strokeStyle = color('text');
  ctx.fillStyle = color('text');
  ctx.lineWidth = devicePixelRatio;
  ctx.font = `${11 * devicePixelRatio}px sans-serif`;
  ctx.setLineDash([4 * devicePixelRatio, 3 * devicePixelRatio]);
  marks.forEach(({ name, place }, index) => {
    const x = Math.round(plot.valToPos(place, 'x', true));
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    // The labels are below each other, because the marks may be at the same place.
    const isRight = x > bbox.left + 0.8 * bbox.width;
    ctx.textAlign = isRight ? 'right' : 'left';
    ctx.fillText(
      name,
      x + (isRight ? -4 : 4) * devicePixelRatio,
      bbox.top + (index + 1) * 13 * devicePixelRatio,
    );
  });
  ctx.restore();
}
