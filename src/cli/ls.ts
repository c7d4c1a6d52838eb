/** `ensemble ls`. */

import { Command } from 'commander';
import { listLines } from './ensemble-view.js';
import { print, printLines } from './output.js';
import { addServiceOptions, type ServiceOptions } from './service-options.js';
import { colorsFor, layoutFor } from './tables.js';
import { withService } from './with-service.js';

interface ListOptions extends ServiceOptions {
  readonly json?: boolean;
}

export function lsCommand(): Command {
  const command = new Command('ls')
    .description('list the ensembles of a service')
    .option('--json', 'print a JSON object for each, one a line');
  return addServiceOptions(command).action((options: ListOptions) =>
    withService(options, async (client) => {
      const ensembles = await client.list();
      if (options.json) for (const ensemble of ensembles) print(JSON.stringify(ensemble));
      else
        await printLines(listLines(ensembles, colorsFor(process.stdout), layoutFor(process.stdout, 'drop')));
    }),
  );
}
