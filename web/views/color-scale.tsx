/** The meaning of colors that stand for numbers. */

import { formatNumber, formatShare } from '../format/numbers.js';
import { formatSeconds } from '../format/times.js';
import { FAILURE, titleOf } from '../store/parameters.js';

/** A value of a measure. */
export function measureText(name: string, value: number): string {
  if (name === FAILURE) return formatShare(value, 1);
  return name === 'duration' || name === 'pending' ? formatSeconds(value) : formatNumber(value);
}

interface ScaleProps {
  readonly measure: string;
  readonly least: number;
  readonly most: number;
}

export function ColorScale({ measure, least, most }: ScaleProps) {
  return (
    <p class="legend">
      <span>
        {titleOf(measure)} {measureText(measure, least)} <i class="scale" aria-hidden="true" />{' '}
        {measureText(measure, most)}
      </span>
    </p>
  );
}
