/** Shows when the page is not up to date. */

import type { Connection } from '../../src/api/client/followed-run.js';
import { useSeconds } from '../parts/hooks.js';

export function ConnectionLine({ connection }: { readonly connection: Connection }) {
  const { state, detail, retryAt } = connection;
  const now = useSeconds(state === 'lost');
  const isLost = state === 'lost' || state === 'refused';
  const wait = retryAt === null ? 0 : Math.max(0, Math.round(retryAt / 1000 - now));
  return (
    <div role="status" aria-live="polite">
      {isLost ? (
        <p class="failure">
          {state === 'lost' ? 'Connection lost' : 'Not available'}
          {detail === null ? '' : `: ${detail}`}.{' '}
          {state === 'lost' ? (
            <span aria-hidden="true">
              {wait > 0 ? `Next attempt in ${wait} s.` : 'Connecting…'} The page shows the last known state.
            </span>
          ) : null}
        </p>
      ) : null}
    </div>
  );
}
