/** `ensemble act NAME ACTION [GROUP]`. */

import { Argument, Command, InvalidArgumentError } from 'commander';
import { type ExternalAction, externalActionNames } from '../run/external-actions.js';
import { escapeControls } from '../text/describe.js';
import { addServiceOptions, type ServiceOptions } from './service-options.js';
import { withService } from './with-service.js';

interface ActOptions extends ServiceOptions {
  readonly value?: number;
  readonly json?: boolean;
}

function wholeNumber(text: string): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(value)) return value;
  throw new InvalidArgumentError('It must be a whole number.');
}

export function actCommand(): Command {
  const command = new Command('act')
    .description('perform an action in a running ensemble; waits for its end')
    .argument('<ensemble>', 'its name or id')
    .addArgument(new Argument('<action>', 'what to do').choices(externalActionNames))
    .argument('[group]', 'for submit, cancel and urgency')
    .option('--value <n>', 'number of jobs or slots, or the urgency', wholeNumber)
    .option('--json', 'print a JSON object');
  return addServiceOptions(command).action(
    (ensemble: string, name: ExternalAction['name'], label: string | undefined, options: ActOptions) =>
      withService(options, async (client) => {
        const { value, json } = options;
        const asked = {
          name,
          ...(label === undefined ? {} : { label }),
          ...(value === undefined ? {} : { value }),
        };
        const { id, text } = await client.act(ensemble, asked);
        console.log(json ? JSON.stringify({ id, text }) : `${escapeControls(id)}: ${escapeControls(text)}`);
      }),
  );
}
