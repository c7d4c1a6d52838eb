/** The whole page: the form for the token, the list of runs, or one run. */

import { useEffect } from 'preact/hooks';
import type { Client } from '../../src/api/client/client.js';
import type { Session } from '../api/session.js';
import { useObservable } from '../parts/hooks.js';
import { useRoute } from './route.js';
import { RunView } from './run.js';
import { Runs } from './runs.js';
import { TokenForm } from './token-form.js';

export interface PageProps {
  readonly client: Client;
  readonly session: Session;
}

export function Page({ client, session }: PageProps) {
  useObservable(session);
  const route = useRoute();
  const isRun = route.view === 'run';
  useEffect(() => {
    if (!isRun) document.title = 'Ensembles';
  }, [isRun]);
  return (
    <>
      <header class="top">
        <a href="#/" class="home">
          Ensembles
        </a>
        {session.token === null ? null : (
          <button type="button" class="quiet" onClick={() => session.forget()}>
            Forget token
          </button>
        )}
      </header>
      <main>
        {session.needed ? (
          <TokenForm session={session} />
        ) : route.view === 'run' ? (
          <RunView key={route.id} client={client} id={route.id} tab={route.tab} />
        ) : (
          <Runs client={client} />
        )}
      </main>
    </>
  );
}
