/** `ensemble-server token FILE`. */

import { Command, InvalidArgumentError, Option } from 'commander';
import { ROLES, type Role, writeNewToken } from '../service/tokens.js';
import { timeOption } from './time-option.js';

/** A thousand years, in seconds. */
const MAX_EXPIRY = 365_000 * 86_400;
const seconds = timeOption(MAX_EXPIRY);

function lifetime(text: string): Date {
  return new Date(Date.now() + seconds(text) * 1000);
}

function tokenName(text: string): string {
  if (/^[\w.@-]+$/.test(text)) return text;
  throw new InvalidArgumentError('Use letters, digits and _ . @ -.');
}

export function tokenCommand(): Command {
  return new Command('token')
    .description('create a file with a new token for start --token-file, readable only by you')
    .argument('<file>', 'a file that does not exist yet')
    .option('--name <name>', 'its owner, for the audit', tokenName)
    .option('--expires <time>', 'period of validity, like 12h or 7d (default: unlimited)', lifetime)
    .addOption(
      new Option('--role <role>', 'a viewer may look, but not act (default: operator)').choices(ROLES),
    )
    .action((file: string, options: { name?: string; role?: Role; expires?: Date }) =>
      writeNewToken(file, options),
    );
}
