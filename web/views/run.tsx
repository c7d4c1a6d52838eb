/** One run. */

import { useEffect, useState } from 'preact/hooks';
import type { Client } from '../../src/api/client/client.js';
import type { CallerResource } from '../api/types.js';
import { useLoaded, useObservable } from '../parts/hooks.js';
import { RunStore } from '../store/run.js';
import { ConnectionLine } from './connection.js';
import { Failures } from './failures.js';
import { Firings } from './firings.js';
import { Groups } from './groups.js';
import { Histograms } from './histograms.js';
import { Jobs } from './jobs.js';
import { Measured } from './measured.js';
import { Parameters } from './parameters.js';
import { Problems } from './problems.js';
import { runLink, TABS, type Tab } from './route.js';
import { Rules } from './rules.js';
import { RunHeader } from './run-header.js';
import { TimelineView } from './timeline.js';

const TITLES: Readonly<Record<Tab, string>> = {
  overview: 'Overview',
  jobs: 'Jobs',
  times: 'Times',
  parameters: 'Parameters',
};

interface RunProps {
  readonly client: Client;
  readonly id: string;
  readonly tab: Tab;
}

export function RunView({ client, id, tab }: RunProps) {
  const [store] = useState(() => new RunStore(id));
  useEffect(() => {
    store.open(client);
    return () => store.close();
  }, [store, client]);
  useObservable(store);
  const caller = useLoaded((signal) => client.get<CallerResource>('caller', signal), id);
  const { ensemble } = store;
  const name = ensemble?.name ?? id;
  useEffect(() => {
    document.title = `${name} – ${TITLES[tab]}`;
  }, [name, tab]);
  if (ensemble === null) {
    return (
      <>
        <h1>{id}</h1>
        <ConnectionLine connection={store.connection} />
        {store.connection.state === 'connecting' ? <p>Loading…</p> : null}
      </>
    );
  }
  return (
    <>
      <RunHeader
        store={store}
        ensemble={ensemble}
        client={client}
        mayAct={caller.value?.role === 'operator'}
      />
      <ConnectionLine connection={store.connection} />
      <nav aria-label="Views of this run" class="tabs">
        {TABS.map((each) => (
          <a key={each} href={runLink(id, each)} aria-current={each === tab ? 'page' : undefined}>
            {TITLES[each]}
          </a>
        ))}
      </nav>
      {tab === 'overview' ? (
        <>
          <Groups groups={store.groups} />
          <Measured groups={store.groups} />
          <Rules rules={store.rules} />
          <Failures failures={store.failures} />
          <Problems problems={store.problems} />
          <Firings firings={store.firings} total={ensemble.totals.firings} />
        </>
      ) : tab === 'jobs' ? (
        <Jobs client={client} id={id} groups={[...store.groups.keys()]} />
      ) : tab === 'parameters' ? (
        <Parameters
          client={client}
          id={id}
          groups={[...store.groups.keys()]}
          goesOn={ensemble.end === null}
        />
      ) : (
        <>
          <TimelineView client={client} store={store} />
          <Histograms client={client} id={id} groups={[...store.groups.keys()]} />
        </>
      )}
    </>
  );
}
