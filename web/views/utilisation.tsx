/** The slots or nodes that jobs had over time. */

import type uPlot from 'uplot';
import type { TimelineResource } from '../api/types.js';
import { formatCount, formatNumber, formatShare } from '../format/numbers.js';
import { memo } from '../parts/memo.js';
import { axis, type ColorOf, Plot, stepped, timeAxis } from '../parts/plot.js';

type ServerTimeline = NonNullable<TimelineResource['timeline']>;

export const Utilisation = memo(
  ({ timeline: { begin, end, used } }: { readonly timeline: ServerTimeline }) => {
    if (used === null) {
      return <p>The slots or nodes that jobs use are unknown here, so running jobs are all that is shown.</p>;
    }
    const { unit, size, means, seconds } = used;
    const width = (end - begin) / means.length;
    const mean = seconds / (end - begin);
    const textOf = (number: number) => (size === null ? formatNumber(number) : formatShare(number, size));
    const title = size === null ? `${unit === 'slots' ? 'Slots' : 'Nodes'} in use` : 'Utilisation';
    const facts = [
      `latest ${textOf(means.at(-1) ?? 0)}`,
      `on average ${textOf(mean)}`,
      ...(size === null ? ['the size of the member is unknown'] : [`of ${formatCount(size)} ${unit}`]),
    ];
    const scale = size === null ? 1 : 100 / size;
    const data: uPlot.AlignedData = [
      means.map((_mean, part) => begin + (part + 0.5) * width),
      means.map((each) => each * scale),
    ];
    return (
      <figure class="card">
        <figcaption>
          <h3>{title}</h3>
          <p class="facts">
            {facts.map((fact) => (
              <span key={fact}>{fact}</span>
            ))}
          </p>
        </figcaption>
        <Plot
          label={`${title} over time: ${facts.join(', ')}`}
          kind={`utilisation ${size}`}
          data={data}
          options={(color) => optionsOf(color, size === null)}
          height={160}
        />
      </figure>
    );
  },
);

function optionsOf(color: ColorOf, isNumber: boolean): Omit<uPlot.Options, 'width' | 'height'> {
  const most = isNumber ? 1 : 100;
  return {
    legend: { show: false },
    cursor: { show: false },
    scales: { y: { range: (_plot, _min, max) => [0, Math.max(most, max) * 1.05] } },
    axes: [
      timeAxis(color),
      axis(color, {
        size: 60,
        values: (_plot, splits) => splits.map((each) => `${formatNumber(each)}${isNumber ? '' : ' %'}`),
      }),
    ],
    series: [
      {},
      {
        stroke: color('good'),
        fill: `${color('good')}44`,
        width: 1.5,
        points: { show: false },
        ...stepped(),
      },
    ],
  };
}
