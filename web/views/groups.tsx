/** The groups of a run, with a bar each. */

import { useState } from 'preact/hooks';
import { sharesOf } from '../../src/api/client/counts.js';
import type { GroupResource } from '../api/types.js';
import { formatCount } from '../format/numbers.js';
import { counted } from '../format/text.js';
import { formatSeconds } from '../format/times.js';
import { ShareBar } from '../parts/bar.js';
import { memo } from '../parts/memo.js';
import { MoreButton, Section } from '../parts/section.js';

/** Groups that are shown at first, and added by the button. */
const STEP = 100;
/** A filter is shown for more groups than this. */
const FILTERED = 12;

export function Groups({ groups }: { readonly groups: ReadonlyMap<string, GroupResource> }) {
  const [shown, setShown] = useState(STEP);
  const [filter, setFilter] = useState('');
  const wanted = filter.trim().toLowerCase();
  const found = [...groups.values()].filter(({ name }) => name.toLowerCase().includes(wanted));
  return (
    <Section title="Groups" note={groups.size > 1 ? formatCount(groups.size) : null}>
      {groups.size > FILTERED ? (
        <p>
          <label>
            Filter{' '}
            <input type="search" value={filter} onInput={(event) => setFilter(event.currentTarget.value)} />
          </label>{' '}
          <span role="status">{wanted === '' ? '' : counted(found.length, 'group')}</span>
        </p>
      ) : null}
      {groups.size === 0 ? <p>No jobs have been submitted.</p> : null}
      {found.length === 0 ? null : (
        <table class="groups">
          <thead>
            <tr>
              <th scope="col">Group</th>
              <th scope="col">Progress</th>
              <th scope="col" class="number">
                Done
              </th>
              <th scope="col" class="number">
                Failed
              </th>
              <th scope="col" class="number wide-only">
                Running
              </th>
              <th scope="col" class="number wide-only">
                Pending
              </th>
              <th scope="col" class="number wide-only">
                Median duration
              </th>
            </tr>
          </thead>
          <tbody>
            {found.slice(0, shown).map((group) => (
              <Group key={group.name} group={group} />
            ))}
          </tbody>
        </table>
      )}
      <MoreButton shown={shown} all={found.length} more={() => setShown(shown + STEP)} />
    </Section>
  );
}

const Group = memo(({ group }: { readonly group: GroupResource }) => {
  const shares = sharesOf(group.counts);
  return (
    <tr>
      <th scope="row">{group.name}</th>
      <td class="grows">
        <ShareBar shares={shares} label={group.name} />
      </td>
      <td class="number">
        {formatCount(shares.done)} / {formatCount(shares.total)}
      </td>
      <td class={shares.failed > 0 ? 'number bad' : 'number'}>{formatCount(shares.failed)}</td>
      <td class="number wide-only">{formatCount(shares.running)}</td>
      <td class="number wide-only">{formatCount(shares.pending + shares.queued)}</td>
      <td class="number wide-only">{formatSeconds(group.duration.q50)}</td>
    </tr>
  );
});
