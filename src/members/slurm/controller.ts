/** The settings of a cluster that the member depends on, and its first contact with the controller. */

import type { MemberFacts } from '../member.js';
import { type CommandResult, complaintOf, type SlurmCommands } from './commands.js';

export interface ControllerSettings {
  readonly cluster: string;
  readonly version: string;
  /** The most tasks of an array. */
  readonly maxArraySize: number;
  /** Ended jobs can be asked for after they have left the queue. */
  readonly accounting: boolean;
}

/** Reads the output of `scontrol show config`, which has one setting a line: `MaxArraySize            = 1001`. */
export function readSettings(output: string): ControllerSettings {
  const settings = new Map<string, string>();
  for (const line of output.split('\n')) {
    const found = /^(\w+)\s*=\s*(.*?)\s*$/.exec(line);
    if (found?.[1] !== undefined) settings.set(found[1].toLowerCase(), found[2] ?? '');
  }
  const storage = settings.get('accountingstoragetype') ?? '';
  return {
    cluster: settings.get('clustername') ?? '',
    version: settings.get('slurm_version') ?? '',
    // Slurm's own default.
    maxArraySize: Number.parseInt(settings.get('maxarraysize') ?? '', 10) || 1001,
    accounting: /slurmdbd|mysql/.test(storage),
  };
}

/** Asks the controller for its settings; resolves with the complaint of the command where it does not answer. */
export async function askSettings(commands: SlurmCommands): Promise<ControllerSettings | string> {
  const result: CommandResult = await commands.run('scontrol', ['show', 'config']);
  return result.status === 0 ? readSettings(result.stdout) : complaintOf(result);
}

/** Returns the settings that an earlier process of the run has kept; null for none, and for those of another version. */
export function readFacts(facts: MemberFacts | null): ControllerSettings | null {
  const { cluster, version, maxArraySize, accounting } = facts ?? {};
  return typeof cluster === 'string' &&
    typeof version === 'string' &&
    typeof maxArraySize === 'number' &&
    typeof accounting === 'boolean'
    ? { cluster, version, maxArraySize, accounting }
    : null;
}
