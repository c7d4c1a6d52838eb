/** A heat map. It is a table, so that readers of the screen and keyboards reach each number. */

import type { HeatMapResource } from '../api/types.js';
import { colorOf, shareOf, textColorOn } from '../format/colors.js';
import { formatCount } from '../format/numbers.js';
import { counted } from '../format/text.js';
import { memo } from '../parts/memo.js';
import { type Choices, FAILURE, titleOf } from '../store/parameters.js';
import { ColorScale, measureText } from './color-scale.js';

/** More columns than this have no numbers in their cells. */
const MOST_NUMBERS = 12;

/** A value of an axis. The middle of a part has three digits. */
function valueText(value: number | string, width: number | null): string {
  if (typeof value === 'string') return value;
  return String(width === null ? value : Number(value.toPrecision(3)));
}

interface HeatMapProps {
  readonly map: HeatMapResource;
  readonly choices: Choices;
}

export const HeatMap = memo(({ map, choices }: HeatMapProps) => {
  const { x, y, cells, jobs, matching } = map;
  const isOneRow = choices.colors.length === 0;
  const of = titleOf(choices.color);
  const [xTitle, yTitle] = [titleOf(choices.x), titleOf(choices.y)];
  if (cells.length === 0) return <p>No jobs with these values have ended yet.</p>;
  const means = cells.map(({ mean }) => mean);
  const [least, most] = choices.color === FAILURE ? [0, 1] : [Math.min(...means), Math.max(...means)];
  const found = new Map(cells.map((cell) => [`${cell.x} ${cell.y}`, cell]));
  // The axis grows upwards.
  const rows = y.values.map((value, place) => ({ value, place })).reverse();
  const isNarrow = x.values.length > MOST_NUMBERS;
  const left = x.left + y.left;
  return (
    <figure class="card">
      <figcaption>
        <h3>
          {choices.color === FAILURE ? 'Share of failures' : `Mean ${of}`} by {xTitle}
          {isOneRow ? '' : ` and ${yTitle}`}
        </h3>
        <p class="facts">
          <span>
            {formatCount(jobs)} of {counted(matching, 'job')}
          </span>
          {x.width === null ? null : <span>{xTitle}: middles of equal parts</span>}
          {y.width === null ? null : <span>{yTitle}: middles of equal parts</span>}
          {left === 0 ? null : <span>{counted(left, 'job')} with rare values left out</span>}
        </p>
        <ColorScale measure={choices.color} least={least} most={most} />
      </figcaption>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a keyboard scrolls the table only when it can have the focus */}
      <section class="scrolls" tabIndex={0} aria-label="Heat map">
        <table class={`heat ${isNarrow ? 'narrow' : ''}`}>
          <thead>
            <tr>
              <th scope="col">{isOneRow ? xTitle : `${yTitle} \\ ${xTitle}`}</th>
              {x.values.map((value) => (
                <th key={value} scope="col" class="number">
                  {valueText(value, x.width)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(({ value, place }) => (
              <tr key={value}>
                <th scope="row" class="number">
                  {isOneRow ? of : valueText(value, y.width)}
                </th>
                {x.values.map((each, column) => {
                  const cell = found.get(`${column} ${place}`);
                  if (cell === undefined) return <td key={each} />;
                  const share = shareOf(cell.mean, least, most);
                  const text = measureText(choices.color, cell.mean);
                  return (
                    <td
                      key={each}
                      title={`${text} of ${counted(cell.count, 'job')}`}
                      style={{ background: colorOf(share), color: textColorOn(share) }}
                    >
                      {isNarrow ? <span class="unseen">{text}</span> : text}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </figure>
  );
});
