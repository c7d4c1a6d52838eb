/** The names of runs and ensembles at this moment, for completion scripts. */

import { listRuns, type StoredRun } from '../../store/runs.js';
import { stateFolder } from '../../store/state-folder.js';
import { localMinute } from '../../text/local-time.js';
import type { StateOption } from '../state-option.js';
import { withService } from '../with-service.js';
import type { NameKind } from './name-kinds.js';

/** Runs that are offered, the newest first. */
const NEWEST = 50;
/** Milliseconds that a service has for its answer. */
const PATIENCE = 1000;

/** A name and its description. */
type Name = readonly [name: string, description: string];

const nameOf = ({ manifest: { id, name, started }, state }: StoredRun): Name => [
  id,
  `${name}, ${state}, ${localMinute(started)}`,
];

/** The ensembles of a service; none without a service that answers in time. */
async function namesOfService(): Promise<Name[]> {
  const late = new Promise<Name[]>((resolve) => setTimeout(resolve, PATIENCE, []).unref());
  const names: Name[] = [];
  const asked = withService({}, async (client) => {
    for (const { run, status } of await client.list()) {
      if (run !== null) names.push([run.id, `${run.name}, ${status.toLowerCase()}`]);
    }
  });
  return Promise.race([asked.then(() => names).catch(() => []), late]);
}

/** Resolves with names of this kind. Names that a line can't hold are left out. */
export async function namesFor(kind: NameKind, { state }: StateOption): Promise<Name[]> {
  const { runs } = listRuns(stateFolder(state));
  const names =
    kind === 'runs'
      ? runs.map(nameOf)
      : [...runs.filter((run) => run.state === 'running').map(nameOf), ...(await namesOfService())];
  // A service may know the same runs.
  const once = new Map(names.toReversed());
  return [...once]
    .reverse()
    .filter(([name]) => !/\p{Cc}/u.test(name))
    .slice(0, NEWEST);
}
