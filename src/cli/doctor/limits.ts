/** The limits of open files and of processes, against the needs of the local member. */

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { counted } from '../../text/counted.js';
import { broken, type Check, type CheckOptions, type Finding, ok } from './finding.js';

/** Open files without which the command itself can't load its modules. */
const FILES_OF_COMMAND = 256;
/** Descriptors of the spawner, next to one for each job (native/spawner/tails.cpp). */
const FILES_OF_SPAWNER = 160;
/** Processes and threads of the command and of the spawner. */
const OWN_THREADS = 24;
/** Processes of a job: most have a shell and a program. */
const THREADS_OF_JOB = 2;

/** Returns the soft limit of /proc/self/limits; infinity for none. */
async function limitOf(name: string): Promise<number> {
  const text = await readFile('/proc/self/limits', 'utf8');
  const [, value = ''] = new RegExp(`^${name} +(\\S+)`, 'm').exec(text) ?? [];
  return value === 'unlimited' ? Number.POSITIVE_INFINITY : Number(value);
}

export const openFiles: Check = {
  name: 'open files',
  run: async ({ slots }) => {
    const most = await limitOf('Max open files');
    const needed = Math.max(FILES_OF_COMMAND, FILES_OF_SPAWNER + slots);
    const text = `${Number.isFinite(most) ? most : 'any number'} may be open, ${needed} are needed for ${counted(slots, 'slot')}`;
    if (most >= needed) return ok(text);
    const finding = broken(text, `allow more with "ulimit -n ${needed}"`);
    // With fewer, failed jobs only lack the last line of their errors.
    return { ...finding, blocks: most < FILES_OF_COMMAND };
  },
};

/** The threads of all processes of this user. */
async function threadsOfUser(): Promise<number> {
  const uid = process.getuid?.() ?? 0;
  let threads = 0;
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    // The process may have ended meanwhile.
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    if (Number(/^Uid:\s+(\d+)/m.exec(status)?.[1] ?? -1) !== uid) continue;
    threads += Number(/^Threads:\s+(\d+)/m.exec(status)?.[1] ?? 0);
  }
  return threads;
}

/** The tasks that the nearest control group may still start, of those that have a limit; infinity without one. */
async function roomInGroups(): Promise<number> {
  const own = /^0::(\/.*)$/m.exec(await readFile('/proc/self/cgroup', 'utf8').catch(() => ''))?.[1] ?? '/';
  let room = Number.POSITIVE_INFINITY;
  const parts = own.split('/').filter((part) => part !== '');
  for (let depth = parts.length; depth >= 0; depth--) {
    const folder = join('/sys/fs/cgroup', ...parts.slice(0, depth));
    const read = (name: string) => readFile(join(folder, name), 'utf8').catch(() => '');
    const [most, now] = [
      Number.parseInt(await read('pids.max'), 10),
      Number.parseInt(await read('pids.current'), 10),
    ];
    if (Number.isFinite(most) && Number.isFinite(now)) room = Math.min(room, most - now);
  }
  return room;
}

async function roomForProcesses(): Promise<{ readonly room: number; readonly remedy: string }> {
  const inGroups = await roomInGroups();
  // The limit of a user does not hold for root.
  const most = process.getuid?.() === 0 ? Number.POSITIVE_INFINITY : await limitOf('Max processes');
  const ofUser = Number.isFinite(most) ? most - (await threadsOfUser()) : most;
  if (inGroups < ofUser)
    return { room: inGroups, remedy: 'pids.max of the control group (TasksMax of systemd)' };
  return { room: ofUser, remedy: '"ulimit -u"' };
}

async function checkProcesses({ slots }: CheckOptions): Promise<Finding> {
  const { room, remedy } = await roomForProcesses();
  const needed = OWN_THREADS + THREADS_OF_JOB * slots;
  const free = Number.isFinite(room) ? `${Math.max(0, room)} more` : 'any number';
  const text = `${free} may be started, ${needed} are needed for ${counted(slots, 'slot')}`;
  if (room >= needed) return ok(text);
  const finding = broken(text, `end some, raise ${remedy}, or use fewer --slots`);
  return { ...finding, blocks: room < OWN_THREADS + THREADS_OF_JOB };
}

export const processes: Check = { name: 'processes', run: checkProcesses };
