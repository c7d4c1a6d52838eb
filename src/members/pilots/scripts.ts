/**
 * The files of pilots, in the folder of the Slurm member:
 *
 *     pilot            the program of a pilot: starts a Flux instance
 *     address          the initial program of the instance: writes its address, and stays
 *     addresses/N      the URI of the pilot N
 *     logs/N           what its brokers print
 *     shell/*.lua      scripts of the job shell (output.lua, ../flux/workdir.lua)
 */

import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { packageFile } from '../../text/package-file.js';
import { shellQuoted } from '../../text/shell.js';

/** Exit status of a pilot on a node without Flux. */
export const NO_FLUX = 127;

/** The scripts of the job shell: nodes need not have this package. */
const SHELL_SCRIPTS = ['src/members/pilots/output.lua', 'src/members/flux/workdir.lua'];

export class PilotFiles {
  readonly #folder: string;

  /** `folder` is absolute, and seen by all nodes. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The folder of what the pilots print. */
  get logs(): string {
    return join(this.#folder, 'logs');
  }

  /** Path of what a pilot prints. */
  log(pilot: number): string {
    return join(this.logs, String(pilot));
  }

  /** A pattern for the scripts that the job shell loads. */
  get shellScripts(): string {
    return join(this.#folder.replace(/[*?[\]\\~]/g, '\\$&'), 'shell', '*.lua');
  }

  /** The command of a pilot. */
  command(pilot: number): string[] {
    return ['sh', join(this.#folder, 'pilot'), String(pilot)];
  }

  /** Writes the scripts. Throws the system's errors. */
  write({ nodes, broker }: { readonly nodes: number; readonly broker: readonly string[] }): void {
    for (const name of ['addresses', 'logs', 'shell'])
      mkdirSync(join(this.#folder, name), { recursive: true });
    for (const path of SHELL_SCRIPTS)
      copyFileSync(packageFile(path), join(this.#folder, 'shell', basename(path)));
    // Without srun, nothing tells the broker that it is the only one.
    const alone = nodes === 1 ? ['-Sbroker.boot-method=single'] : [];
    const options = [...alone, ...broker].map(shellQuoted).join(' ');
    const address = shellQuoted(join(this.#folder, 'address'));
    const files = {
      pilot: `#!/bin/sh
# A pilot of flux-ensemble: a Flux instance in a job of Slurm.
command -v flux >/dev/null || { echo "flux is not on the PATH of $(uname -n)" >&2; exit ${NO_FLUX}; }
unset FLUX_URI FLUX_JOB_ID FLUX_JOB_ID_PATH FLUX_JOB_SIZE FLUX_JOB_NNODES FLUX_TASK_RANK FLUX_KVS_NAMESPACE
# The ensemble knows the time of the pilot, so the instance need not ask the controller of Slurm each minute.
export FLUX_ENSEMBLE_PILOT="$1" FLUX_MODPROBE_DISABLE="\${FLUX_MODPROBE_DISABLE:-slurm-expiration-sync}"
exec flux start ${options} sh ${address} "$1"
`,
      address: `#!/bin/sh
uri=$(flux getattr local-uri) && [ -n "$uri" ] || exit
file=${shellQuoted(join(this.#folder, 'addresses'))}/$1
printf 'ssh://%s%s\\n' "$(uname -n)" "\${uri#local://}" >"$file.new" && mv "$file.new" "$file" || exit
exec sleep infinity
`,
    };
    for (const [name, text] of Object.entries(files))
      writeFileSync(join(this.#folder, name), text, { mode: 0o600 });
  }

  /** The URI of a pilot; null before it is known. */
  address(pilot: number): string | null {
    try {
      return readFileSync(join(this.#folder, 'addresses', String(pilot)), 'utf8').trim() || null;
    } catch {
      return null;
    }
  }
}
