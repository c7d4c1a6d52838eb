/** All runs of the server. */

import type { Client } from '../../src/api/client/client.js';
import { sharesOf } from '../../src/api/client/counts.js';
import type { EnsembleResource } from '../api/types.js';
import { formatCount } from '../format/numbers.js';
import { formatClock, formatTime } from '../format/times.js';
import { ShareBar } from '../parts/bar.js';
import { useLoaded } from '../parts/hooks.js';
import { Failure } from '../parts/section.js';
import { runLink } from './route.js';
import { StatusBadge } from './status.js';

/** Seconds between two looks. */
const PACE = 3;

export function Runs({ client }: { readonly client: Client }) {
  const { value, error, loading } = useLoaded(
    (signal) => client.get<{ ensembles: EnsembleResource[] }>('ensembles', signal),
    '',
    PACE,
  );
  const ensembles = [...(value?.ensembles ?? [])].sort((a, b) => (b.started ?? 0) - (a.started ?? 0));
  return (
    <>
      <h1>Runs</h1>
      <Failure error={error} />
      {value === null && loading ? <p>Loading…</p> : null}
      {value !== null && ensembles.length === 0 ? <p>This server has no runs yet.</p> : null}
      {ensembles.length === 0 ? null : (
        <ul class="runs">
          {ensembles.map((ensemble) => (
            <Run key={ensemble.id} ensemble={ensemble} />
          ))}
        </ul>
      )}
    </>
  );
}

function Run({ ensemble }: { readonly ensemble: EnsembleResource }) {
  const { id, name, started, elapsed, member, size, user, host } = ensemble;
  const shares = sharesOf(ensemble.counts);
  return (
    <li class="card">
      <h2>
        <a href={runLink(id)}>{name}</a> <StatusBadge ensemble={ensemble} />
      </h2>
      <ShareBar shares={shares} label={name} />
      <p class="facts">
        <span>
          {formatCount(shares.done)} of {formatCount(shares.total)} jobs done
        </span>
        {shares.failed === 0 ? null : <span class="bad">{formatCount(shares.failed)} failed</span>}
        <span>{formatClock(elapsed)}</span>
        <span>since {formatTime(started)}</span>
        <span>
          {member}
          {size === null ? '' : `, size ${size}`}
        </span>
        <span>
          {user}@{host}
        </span>
      </p>
    </li>
  );
}
