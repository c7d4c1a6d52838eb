/** `ensemble-server token FILE`. */

import { Command, InvalidArgumentError } from 'commander';

const UNITS: Readonly<Record<string, number>> = { m: 60, h: 3600, d: 86_400 };

function lifetime(text: string): Date {
  const match = /^(\d{1,6})([mhd])$/.exec(text);
  const seconds = Number(match?.[1]) * (UNITS[match?.[2] ?? ''] ?? Number.NaN);
  if (seconds > 0) return new Date(Date.now() + seconds * 1000);
  throw new InvalidArgumentError('It must be a time like 30m, 12h or 7d.');
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
