/** `ensemble watch [NAME]`. */

import { Command } from 'commander';
import type { ServiceClient } from '../service/ensembles/client.js';
import type { WatchResponse } from '../service/ensembles/proto.js';
import { escapeControls } from '../text/describe.js';
import { firingLines, statusWord } from './ensemble-view.js';
import { liveView } from './live-view.js';
import { addServiceOptions, type ServiceOptions } from './service-options.js';
import { onSignals } from './signals.js';
import { standardOutput } from './streams.js';
import { colorsFor } from './tables.js';
import { withService } from './with-service.js';

interface WatchOptions extends ServiceOptions {
  readonly json?: boolean;
}

/** Prints firings and changes of status, one a line, where the output is not a terminal. */
function printLines(): (change: WatchResponse) => void {
  const colors = colorsFor(process.stdout);
  const seen = new Map<string, string>();
  return ({ ensemble, forgotten }) => {
    if (forgotten) seen.delete(forgotten);
    if (!ensemble?.run) return;
    const { id, name } = ensemble.run;
    const status = statusWord(ensemble, colors);
    const news =
      seen.get(id) === status ? [] : [`${escapeControls(name)} (${escapeControls(id)}) is ${status}`];
    seen.set(id, status);
    const firings = ensemble.firings.flatMap((firing) =>
      firingLines(firing, colors, Number.POSITIVE_INFINITY).map((line) => `${escapeControls(name)} ${line}`),
    );
    // The end of an ensemble is printed after its last firings.
    for (const line of ensemble.end === null ? [...news, ...firings] : [...firings, ...news])
      console.log(line);
  };
}

async function watch(client: ServiceClient, name: string | null, json: boolean): Promise<void> {
  const stop = new AbortController();
  const forgetSignals = onSignals(
    () => stop.abort(),
    () => process.exit(1),
  );
  const view = !json && process.stdout.isTTY ? liveView(name) : null;
  const show = json
    ? (change: WatchResponse) => console.log(JSON.stringify(change))
    : (view?.show ?? printLines());
  try {
    for await (const change of client.watch(name, { signal: stop.signal })) {
      show(change);
      // While the reader is slow, the service keeps only the latest state.
      if (standardOutput.full) await standardOutput.written();
      // A watch of one ensemble ends with it.
      if (name !== null && (change.ensemble?.status === 'ENDED' || change.forgotten)) break;
    }
  } finally {
    await view?.close();
    forgetSignals();
  }
}

export function watchCommand(): Command {
  const command = new Command('watch')
    .description('watch an ensemble until its end, or all ensembles')
    .argument('[ensemble]', 'its name or id')
    .option('--json', 'print a JSON object for each change, one a line');
  return addServiceOptions(command).action((name: string | undefined, options: WatchOptions) =>
    withService(options, (client) => watch(client, name ?? null, options.json === true)),
  );
}
