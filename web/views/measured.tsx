/** Numbers that probes measured and jobs told, with their statistics by group. */

import type { GroupResource } from '../api/types.js';
import { formatCount, formatNumber } from '../format/numbers.js';
import { Section } from '../parts/section.js';

/** Rows that are shown; the API has all. */
const MOST = 100;
const COLUMNS = ['mean', 'q50', 'min', 'max'] as const;
const TITLES: Readonly<Record<(typeof COLUMNS)[number], string>> = {
  mean: 'Mean',
  q50: 'Median',
  min: 'Least',
  max: 'Most',
};

export function Measured({ groups }: { readonly groups: ReadonlyMap<string, GroupResource> }) {
  const all = [...groups.values()].flatMap(({ name, probes }) =>
    Object.entries(probes).map(([variable, values]) => ({ name: `${name}-${variable}`, values })),
  );
  if (all.length === 0) return null;
  const rows = all.slice(0, MOST);
  return (
    <Section
      title="Measured values"
      note={rows.length < all.length ? `${formatCount(rows.length)} of ${formatCount(all.length)}` : null}
    >
      <table>
        <thead>
          <tr>
            <th scope="col">Variable</th>
            <th scope="col" class="number">
              Count
            </th>
            {COLUMNS.map((column) => (
              <th key={column} scope="col" class="number">
                {TITLES[column]}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ name, values }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td class="number">{formatCount(values.count)}</td>
              {COLUMNS.map((column) => (
                <td key={column} class="number">
                  {formatNumber(values[column])}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Section>
  );
}
