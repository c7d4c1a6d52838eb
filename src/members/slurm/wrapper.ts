/**
 * The batch script of an array: a few lines of shell around the program of each task. It notes the start and the end of a
 * task in the spool of the run, in a file of its node: clients of a network file system append to the files of others at
 * wrong places.
 *
 * `fate` decides whether the jobs of an array run. A task of it and the member (submitter.ts) compete for that symbolic
 * link, which is made once: `taken` by the first task, or `revoked` by a member that submits the jobs in another array.
 */

import { join } from 'node:path';
import { shellQuoted } from '../../text/shell.js';
import type { SlurmJob } from './job.js';

/** Exit statuses of tasks that run nothing: the node does not see the folder of the run, the array was revoked. */
export const NO_FOLDER = 211;
const REVOKED = 212;
/** The task ran before: a controller that has died with its last changes may start it a second time. */
const RAN_BEFORE = 213;

/** Jobs whose commands are in one file. A task reads one of these files. */
const ROWS_PER_FILE = 128;

/** Returns the batch script of an array. `folder` is that of the member in the run. */
export function batchScript(folder: string, array: number): string {
  return `#!/bin/sh
# A job array of flux-ensemble. Each task notes its start and its end in the spool of the run.
fe_s=${shellQuoted(folder)} fe_n=${array}
fe_a=$fe_s/arrays/$fe_n fe_t=$SLURM_ARRAY_TASK_ID fe_h=\${SLURMD_NODENAME:-$(hostname)} fe_k=
[ -d "$fe_a" ] || { echo "$fe_h does not see $fe_a" >&2; exit ${NO_FOLDER}; }
[ -L "$fe_a/fate" ] || ln -s taken "$fe_a/fate" 2>/dev/null
[ "$(readlink "$fe_a/fate")" = taken ] || exit ${REVOKED}
set -C
true 2>/dev/null >"$fe_a/ran/$fe_t.\${SLURM_RESTART_COUNT:-0}" || exit ${RAN_BEFORE}
set +C
fe_note() {
  fe_time=$(date +%s%N)
  case $fe_time in *[!0-9]*) fe_time=$(date +%s)000000000 ;; esac
  printf '%s %s %s %s %s %s\\n' "$fe_n" "$fe_t" "\${SLURM_RESTART_COUNT:-0}" "$1" "$fe_time" "$2" >>"$fe_s/spool/$fe_h"
}
fe_fail() { fe_note fail "$1 $2"; exit "$1"; }
fe_open() { true 2>/dev/null >"$2" || { [ "$1" = kept ] && return 1; fe_fail 1 "$3"; }; }
fe_run() {
  case $1 in
  */*) [ -e "$1" ] || fe_fail 127 exec; [ -x "$1" ] && [ ! -d "$1" ] || fe_fail 126 exec ;;
  *) command -v "$1" >/dev/null 2>&1 || fe_fail 127 exec ;;
  esac
  exec "$@"
}
trap 'fe_k=signaled' TERM
. "$fe_a/rows/$((fe_t / ${ROWS_PER_FILE}))"
fe_note start "$SLURM_ARRAY_JOB_ID"
(
  # A signal that came before the program did not reach it.
  [ -z "$fe_k" ] || exit 143
  cd "$fe_d" 2>/dev/null || fe_fail 1 workdir
  [ -z "$fe_o" ] || fe_open "$fe_x" "$fe_o" output || fe_o=
  [ -z "$fe_e" ] || fe_open "$fe_y" "$fe_e" error || fe_e=/dev/null
  exec >>"\${fe_o:-/dev/null}" </dev/null
  if [ -n "$fe_e" ]; then exec 2>>"$fe_e"; else exec 2>&1; fi
  fe_p
)
fe_c=$?
[ "$fe_x" != kept ] || [ -s "$fe_o" ] || rm -f "$fe_o"
[ "$fe_y" != kept ] || [ -s "$fe_e" ] || rm -f "$fe_e"
fe_note end "$fe_c $fe_k"
exit "$fe_c"
`;
}

/** Returns the files of an array with the programs of its jobs, by their names in its folder. */
export function rowFiles(jobs: readonly SlurmJob[]): Map<string, string> {
  const files = new Map<string, string>();
  for (let begin = 0; begin < jobs.length; begin += ROWS_PER_FILE) {
    const rows = jobs.slice(begin, begin + ROWS_PER_FILE);
    const [first] = rows as [SlurmJob];
    const isOne = rows.every(({ facts }) => facts.program === first.facts.program);
    const common = isOne ? `fe_p() { ${first.facts.program}; }\n` : '';
    const text = rows.map((job, row) => `${begin + row}) ${rowOf(job, !isOne)} ;;\n`).join('');
    files.set(join('rows', String(begin / ROWS_PER_FILE)), `${common}case $fe_t in\n${text}esac\n`);
  }
  return files;
}

function rowOf({ facts }: SlurmJob, withProgram: boolean): string {
  const { workdir, output, error, keptOutput, keptError, program } = facts;
  const kept = (is: boolean) => (is ? 'kept' : '');
  const files =
    `fe_d=${shellQuoted(workdir)} fe_o=${shellQuoted(output)} fe_e=${shellQuoted(error)} ` +
    `fe_x=${kept(keptOutput)} fe_y=${kept(keptError)}`;
  return withProgram ? `${files}; fe_p() { ${program}; }` : files;
}
