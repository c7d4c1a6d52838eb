/** The head of a run: its status, and how far it is. */

import type { ComponentChildren } from 'preact';
import type { Client } from '../../src/api/client/client.js';
import { sharesOf } from '../../src/api/client/counts.js';
import { secondsLeft } from '../../src/api/client/rate.js';
import type { EnsembleResource } from '../api/types.js';
import { formatCount, formatRate, formatShare } from '../format/numbers.js';
import { formatClock, formatSeconds, formatTime } from '../format/times.js';
import { BarLegend, ShareBar } from '../parts/bar.js';
import { useSeconds } from '../parts/hooks.js';
import type { RunStore } from '../store/run.js';
import { Actions } from './actions.js';
import { StatusBadge } from './status.js';

interface HeaderProps {
  readonly store: RunStore;
  readonly ensemble: EnsembleResource;
  readonly client: Client;
  readonly mayAct: boolean;
}

export function RunHeader({ store, ensemble, client, mayAct }: HeaderProps) {
  const { name, state, started, updated, elapsed, end, size, member, file, totals } = ensemble;
  const goesOn = end === null && store.connection.state === 'live';
  const now = useSeconds(goesOn);
  const shares = sharesOf(ensemble.counts);
  const { rate } = store;
  const left = end === null ? secondsLeft(shares.total - shares.done, rate) : null;
  return (
    <>
      <h1>
        {name} <StatusBadge ensemble={ensemble} />
      </h1>
      {end === null || (end.error === '' && end.by === '') ? null : (
        <p class={end.error === '' ? '' : 'failure'}>{end.error === '' ? `By ${end.by}.` : end.error}</p>
      )}
      {mayAct && end === null ? (
        <Actions client={client} ensemble={ensemble} groups={[...store.groups.keys()]} />
      ) : null}
      <ShareBar shares={shares} label="All jobs" />
      <BarLegend />
      <dl class="numbers">
        <Fact name="Done">
          {formatCount(shares.done)} / {formatCount(shares.total)}{' '}
          <small>{formatShare(shares.done, shares.total)}</small>
        </Fact>
        <Fact name="Failed" kind={shares.failed > 0 ? 'bad' : ''}>
          {formatCount(shares.failed)}
        </Fact>
        <Fact name="Running">
          {formatCount(shares.running)}
          {size === null ? null : <small> of size {formatCount(size)}</small>}
        </Fact>
        <Fact name="Pending">{formatCount(shares.pending)}</Fact>
        {shares.queued === 0 ? null : <Fact name="Queued">{formatCount(shares.queued)}</Fact>}
        <Fact name="Rate">{formatRate(end === null ? rate : elapsed ? shares.done / elapsed : null)}</Fact>
        <Fact name="Time left">{left === null ? '–' : left === 0 ? 'none' : `≈ ${formatSeconds(left)}`}</Fact>
        <Fact name="Elapsed">
          {formatClock(goesOn && started !== null ? Math.max(elapsed ?? 0, now - started) : elapsed)}
        </Fact>
        {state === null ? null : <Fact name="State">{state}</Fact>}
      </dl>
      <p class="facts">
        <span>since {formatTime(started)}</span>
        <span>{member}</span>
        <span>
          {formatCount(totals.firings)} firings, {formatCount(totals.trackedEvents)} events
        </span>
        {totals.decodeErrors + totals.lostJobs === 0 ? null : (
          <span class="bad">
            {formatCount(totals.decodeErrors)} decode errors, {formatCount(totals.lostJobs)} lost jobs
          </span>
        )}
        {file === null ? null : <span class="path">{file}</span>}
        <span>updated {formatTime(updated)}</span>
      </p>
    </>
  );
}

function Fact(props: {
  readonly name: string;
  readonly kind?: string;
  readonly children: ComponentChildren;
}) {
  return (
    <div>
      <dt>{props.name}</dt>
      <dd class={props.kind ?? ''}>{props.children}</dd>
    </div>
  );
}
