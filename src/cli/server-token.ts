/** `ensemble-server token FILE`. */

import { Command, InvalidArgumentError } from 'commander';
import { timeOption } from './time-option.js';

/** A thousand years, in seconds. */
const LONGEST = 365_000 * 86_400;
const seconds = timeOption(LONGEST);

function lifetime(text: string): Date {
  return new Date(Date.now() + seconds(text) * 1000);
}

function tokenName(text: string): string {
  if (/^[\w.@-]+$/.test(text)) return text;
  throw new InvalidArgumentError('It may have letters, digits and _ . @ -.');
}

export function tokenCommand(): Command {
  return new Command('token')
    .description('make a file with a new token, which only you can read, for start --token-file')
    .argument('<file>', 'must not be there yet')
    .option('--name <name>', 'who has it, for the audit', tokenName)
    .option('--expires <time>', 'how long it is good for, as 12h or 7d (default: for ever)', lifetime)
    .action(async (file: string, options: { name?: string; expires?: Date }) => {
      const { writeNewToken } = await import('../service/tokens.js');
      writeNewToken(file, options.name ?? null, options.expires ?? null);
    });
}
