/** Identifies a process, so that another process can find out later whether it still runs. */

import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { z } from 'zod';

export const processIdentity = z.object({
  host: z.string(),
  /** /etc/machine-id, because several machines may have the same host name; empty where it is missing. */
  machine: z.string(),
  /** Changes with each start of the machine. */
  boot: z.string(),
  /** The namespace of the process id: a container has its own. */
  namespace: z.string(),
  pid: z.int().positive(),
  /** Start of the process in clock ticks after the boot, because process ids are used again. */
  started: z.string(),
});

export type ProcessIdentity = z.infer<typeof processIdentity>;

/** State of another process: `unknown` where this process can't find out, as for another host. */
export type Liveness = 'alive' | 'dead' | 'unknown';

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}

/** Returns the start time of a process in ticks after the boot; null for a process that has ended. */
function startOf(pid: number): string | null {
  const stat = readOrEmpty(`/proc/${pid}/stat`);
  // The program's name may hold anything, and ends at the last parenthesis.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state = ''] = fields;
  return stat === '' || state === 'Z' || state === 'X' ? null : (fields[19] ?? null);
}

function namespaceOfPids(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

/** Returns the identity of this process. */
export function ownIdentity(): ProcessIdentity {
  return {
    host: hostname(),
    machine: readOrEmpty('/etc/machine-id'),
    boot: readOrEmpty('/proc/sys/kernel/random/boot_id'),
    namespace: namespaceOfPids(),
    pid: process.pid,
    started: startOf(process.pid) ?? '',
  };
}

/** Returns whether the process still runs, as far as this process can see. */
export function livenessOf(other: ProcessIdentity, own = ownIdentity()): Liveness {
  if (other.host !== own.host || other.machine !== own.machine) return 'unknown';
  if (other.boot !== own.boot) return 'dead';
  if (other.namespace !== own.namespace) return 'unknown';
  return startOf(other.pid) === other.started ? 'alive' : 'dead';
}
