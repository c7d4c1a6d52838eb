/** Two numbers of each job as points, with the mean of all jobs. The means are also a table. */

import { useMemo } from 'preact/hooks';
import type uPlot from 'uplot';
import type { ScatterResource } from '../api/types.js';
import { colorOf as colorOfShare, shareOf } from '../format/colors.js';
import { formatCount, formatNumber } from '../format/numbers.js';
import { counted } from '../format/text.js';
import { memo } from '../parts/memo.js';
import { axis, type ColorOf, Plot } from '../parts/plot.js';
import { type Choices, FAILURE, RESULT, titleOf } from '../store/parameters.js';
import { ColorScale, measureText } from './color-scale.js';

/** Colors of a number. Points with nearly the same number have the same color. */
const SHADES = 6;
const KINDS = ['good', 'bad', 'canceled'] as const;
type Kind = (typeof KINDS)[number];
const KIND_TITLES: Readonly<Record<Kind, string>> = { good: 'completed', bad: 'failed', canceled: 'other' };

function kindOf(result: string): Kind {
  if (result === 'completed') return 'good';
  return ['failed', 'timeout', 'refused', 'lost'].includes(result) ? 'bad' : 'canceled';
}

interface Series {
  readonly data: uPlot.AlignedData;
  /** For each series of points, its color on the page. */
  readonly colors: readonly ((color: ColorOf) => string)[];
  /** The range of the colors; null for results. */
  readonly range: readonly [number, number] | null;
}

interface ScatterProps {
  readonly scatter: ScatterResource;
  readonly choices: Choices;
}

/** The points as series, one for each color. The means are the last one. */
function seriesOf({ x, y, results, colors, means }: ScatterResource, byResult: boolean): Series {
  const known = colors.filter((each) => each !== null);
  const [least, most] = [Math.min(...known), Math.max(...known)];
  const shadeOf = (color: number | null) =>
    color === null ? SHADES : Math.min(SHADES - 1, Math.floor(shareOf(color, least, most) * SHADES));
  const classes = x.map((_x, i) =>
    byResult ? KINDS.indexOf(kindOf(results[i] ?? '')) : shadeOf(colors[i] ?? null),
  );
  const count = byResult ? KINDS.length : SHADES + 1;
  // Means are at places of their own between the points, in the order of x.
  const places = [...x.map((at, i) => ({ at, i })), ...means.map(({ x: at }) => ({ at, i: -1 }))];
  places.sort((a, b) => a.at - b.at);
  const meanAt = new Map(means.map(({ x: at, mean }) => [at, mean]));
  const data = [
    places.map(({ at }) => at),
    ...Array.from({ length: count }, (_, each) =>
      places.map(({ i }) => (i >= 0 && classes[i] === each ? (y[i] ?? null) : null)),
    ),
    places.map(({ at, i }) => (i < 0 ? (meanAt.get(at) ?? null) : null)),
  ] as uPlot.AlignedData;
  const shades = Array.from({ length: SHADES }, (_, shade) => () => colorOfShare((shade + 0.5) / SHADES));
  return {
    data,
    colors: byResult
      ? KINDS.map((kind) => (color: ColorOf) => color(kind))
      : [...shades, (color: ColorOf) => color('faint')],
    range: byResult || known.length === 0 ? null : [least, most],
  };
}

export const Scatter = memo(({ scatter, choices }: ScatterProps) => {
  const { means, jobs, matching, x } = scatter;
  const byResult = choices.color === RESULT;
  const isShare = choices.y === FAILURE;
  const { data, colors, range } = useMemo(() => seriesOf(scatter, byResult), [scatter, byResult]);
  const [xTitle, yTitle] = [titleOf(choices.x), isShare ? 'share of failures' : titleOf(choices.y)];
  if (x.length === 0) return <p>No jobs with these values have ended yet.</p>;
  const kinds = KINDS.filter((kind) => scatter.results.some((result) => kindOf(result) === kind));
  const sample =
    x.length < jobs
      ? `${formatCount(x.length)} of ${formatCount(jobs)} jobs, chosen at random; the line is the mean of all`
      : `${counted(jobs, 'job')}; the line is their mean`;
  return (
    <figure class="card">
      <figcaption>
        <h3>
          {yTitle} by {xTitle}
        </h3>
        <p class="facts">
          <span>{sample}</span>
          {jobs < matching ? <span>{counted(matching - jobs, 'job')} without these values</span> : null}
        </p>
        {isShare ? null : range !== null ? (
          <ColorScale measure={choices.color} least={range[0]} most={range[1]} />
        ) : (
          <p class="legend">
            {kinds.map((kind) => (
              <span key={kind}>
                <i class={`swatch dot-${kind}`} aria-hidden="true" /> {KIND_TITLES[kind]}
              </span>
            ))}
          </p>
        )}
      </figcaption>
      <Plot
        label={`${yTitle} by ${xTitle} of ${counted(jobs, 'job')}. The table after it has the means.`}
        kind={`${choices.y} ${choices.color}`}
        data={data}
        options={(color) => optionsOf(color, colors, choices.y)}
        height={320}
      />
      <details>
        <summary>Means as a table</summary>
        <table class="plain">
          <thead>
            <tr>
              <th scope="col" class="number">
                {xTitle}
              </th>
              <th scope="col" class="number">
                {isShare ? yTitle : `mean ${yTitle}`}
              </th>
              <th scope="col" class="number">
                jobs
              </th>
            </tr>
          </thead>
          <tbody>
            {means.map(({ x: at, mean, count }) => (
              <tr key={at}>
                <th scope="row" class="number">
                  {formatNumber(at)}
                </th>
                <td class="number">{measureText(choices.y, mean)}</td>
                <td class="number">{formatCount(count)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </figure>
  );
});

function optionsOf(
  color: ColorOf,
  colors: Series['colors'],
  y: string,
): Omit<uPlot.Options, 'width' | 'height'> {
  const isShare = y === FAILURE;
  return {
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: { time: false, range: (_plot, min, max) => padded(min, max) },
      y: { range: (_plot, min, max) => (isShare ? [0, 1.05] : padded(min, max)) },
    },
    axes: [
      axis(color, { values: (_plot, splits) => splits.map(formatNumber) }),
      axis(color, { size: 70, values: (_plot, splits) => splits.map((each) => measureText(y, each)) }),
    ],
    series: [
      {},
      ...colors.map((of) => ({
        show: !isShare,
        stroke: of(color),
        paths: () => null,
        points: { show: true, size: 5, fill: of(color), width: 0 },
      })),
      {
        stroke: color('text'),
        width: 1.5,
        spanGaps: true,
        points: { show: true, size: 6, fill: color('card'), stroke: color('text') },
      },
    ],
  };
}

/** The range with some room, so that no point is at the border. */
function padded(min: number, max: number): [number, number] {
  const room = max > min ? (max - min) * 0.04 : Math.max(1e-9, Math.abs(max) * 0.1) || 1;
  return [min - room, max + room];
}
