/** `ensemble status NAME` and `ensemble status --group GROUP`. */

import { Command } from 'commander';
import type { ServiceClient } from '../service/ensembles/client.js';
import { counted } from '../text/counted.js';
import { escapeControls } from '../text/describe.js';
import { ensembleLines, groupStateLines } from './ensemble-view.js';
import { print, printLines } from './output.js';
import { addServiceOptions, type ServiceOptions } from './service-options.js';
import { colorsFor, layoutFor } from './tables.js';
import { withService } from './with-service.js';

interface StatusOptions extends ServiceOptions {
  readonly group?: string;
  readonly json?: boolean;
}

async function printMerged(client: ServiceClient, group: string, names: string[], json: boolean) {
  const merged = await client.merge(group, names);
  if (json) {
    print(JSON.stringify(merged));
    return;
  }
  const colors = colorsFor(process.stdout);
  const { ensembles, unmerged } = merged;
  if (merged.group !== null)
    await printLines(groupStateLines([merged.group], layoutFor(process.stdout, 'wrap')));
  print(
    colors.dim(`\nover ${counted(ensembles.length, 'ensemble')}: ${escapeControls(ensembles.join(', '))}`),
  );
  for (const reason of unmerged) print(colors.dim(`not merged: ${escapeControls(reason)}`));
}

export function statusCommand(): Command {
  const command = new Command('status')
    .description('show one ensemble in detail, or one group over many ensembles')
    .argument('[ensembles...]', 'names or ids; with --group the default is all running ones')
    .option('--group <group>', 'show the merged statistics of this group over the ensembles')
    .option('--json', 'print a JSON object for each, one a line');
  return addServiceOptions(command).action((names: string[], options: StatusOptions) => {
    const { group, json = false } = options;
    if (group === undefined && names.length === 0) {
      command.error(
        'error: missing ensemble; give its name, or --group GROUP (ensemble ls lists the ensembles)',
      );
    }
    return withService(options, async (client) => {
      if (group !== undefined) return printMerged(client, group, names, json);
      for (const [index, name] of names.entries()) {
        const ensemble = await client.get(name);
        if (json) {
          print(JSON.stringify(ensemble));
          continue;
        }
        if (index > 0) print('');
        const layout = layoutFor(process.stdout, 'wrap');
        await printLines(ensembleLines(ensemble, colorsFor(process.stdout), layout));
      }
    });
  });
}
