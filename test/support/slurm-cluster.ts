/** A Slurm cluster of made-up nodes on this machine, for tests. It needs root, as munge does. */

import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const execute = promisify(execFile);

const FOLDERS = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
const find = (program: string) =>
  FOLDERS.map((folder) => join(folder, program)).find((path) => existsSync(path));

/** Returns why no cluster can be started here, or null. */
function whatIsMissing(): string | null {
  for (const program of ['slurmctld', 'slurmd', 'sbatch', 'munged']) {
    if (find(program) === undefined) return `${program} is not installed`;
  }
  return process.getuid?.() === 0 ? null : 'a cluster needs root';
}

export const missing = whatIsMissing();

/** The ports of a cluster begin here. Clusters of other processes have others, below those that the system gives away. */
const PORTS = 12_000 + (process.pid % 200) * 100;

export interface ClusterOptions {
  readonly nodes?: number;
  readonly cpus?: number;
  /** The first nodes, which are in a partition `fragile` of their own, for jobs whose nodes fail. */
  readonly fragile?: number;
  /** The most jobs that the controller has at a time. */
  readonly maxJobCount?: number;
  /** The most tasks of an array, plus one. */
  readonly maxArraySize?: number;
  /** Seconds until a node without an answer counts as lost, and until a request has no answer. */
  readonly slurmdTimeout?: number;
  readonly messageTimeout?: number;
}

/** Starts munged if it does not run yet. It stays, as munge has one socket for the whole machine. */
async function startMunge(): Promise<void> {
  const works = () =>
    execute('munge', ['-n']).then(
      () => true,
      () => false,
    );
  if (await works()) return;
  const script = `
    set -e; umask 077; mkdir -p /etc/munge /run/munge
    [ -e /etc/munge/munge.key ] || head -c 1024 /dev/urandom > /etc/munge/munge.key
    chown munge /etc/munge /etc/munge/munge.key /run/munge; chmod 400 /etc/munge/munge.key; chmod 755 /run/munge
    setpriv --reuid=munge --regid=munge --clear-groups ${find('munged')}`;
  execFileSync('sh', ['-c', script], { stdio: 'ignore' });
  for (let i = 0; i < 100 && !(await works()); i++) await sleep(50);
}

export class Cluster {
  readonly folder = mkdtempSync(join(tmpdir(), 'slurm-'));
  readonly config = join(this.folder, 'slurm.conf');
  /** For commands of Slurm, and for `ensemble`. */
  readonly env = { SLURM_CONF: this.config };
  readonly #nodes: readonly string[];
  readonly #daemons = new Map<string, ChildProcess>();

  private constructor(nodes: number) {
    this.#nodes = Array.from({ length: nodes }, (_, index) => `n${index + 1}`);
  }

  /** Starts a cluster; resolves when its nodes take jobs. */
  static async start(options: ClusterOptions = {}): Promise<Cluster> {
    const { nodes = 4, cpus = 4, fragile = 0, maxJobCount = 10_000, maxArraySize = 10_001 } = options;
    const { slurmdTimeout = 60, messageTimeout = 5 } = options;
    const cluster = new Cluster(nodes);
    const { folder } = cluster;
    for (const name of ['state', 'spool', 'log']) mkdirSync(join(folder, name));
    const host = hostname();
    const node = (name: string, index: number) =>
      `NodeName=${name} NodeHostname=${host} NodeAddr=127.0.0.1 Port=${PORTS + 1 + index} CPUs=${cpus} RealMemory=2000`;
    const lines = [
      ...['ClusterName=test', `SlurmctldHost=${host}(127.0.0.1)`, `SlurmctldPort=${PORTS}`],
      ...['SlurmUser=root', 'SlurmdUser=root', 'AuthType=auth/munge', 'ProctrackType=proctrack/pgid'],
      ...['TaskPlugin=task/none', 'MpiDefault=none', 'ReturnToService=2', 'MailProg=/bin/true'],
      ...['SlurmdParameters=config_overrides', 'SelectType=select/cons_tres', 'SelectTypeParameters=CR_Core'],
      ...['AccountingStorageType=accounting_storage/none', 'JobCompType=jobcomp/none', 'MinJobAge=300'],
      ...[
        `MaxArraySize=${maxArraySize}`,
        `MaxJobCount=${maxJobCount}`,
        'KillWait=2',
        `SlurmdTimeout=${slurmdTimeout}`,
        `MessageTimeout=${messageTimeout}`,
      ],
      'SchedulerParameters=sched_min_interval=50000,batch_sched_delay=0,bf_interval=1,default_queue_depth=10000',
      ...[`StateSaveLocation=${folder}/state`, `SlurmdSpoolDir=${folder}/spool/%n`],
      ...[`SlurmctldPidFile=${folder}/slurmctld.pid`, `SlurmdPidFile=${folder}/slurmd-%n.pid`],
      ...cluster.#nodes.map(node),
      `PartitionName=main Nodes=${cluster.#nodes.slice(fragile).join(',')} Default=YES State=UP`,
      ...(fragile === 0 ? [] : [`PartitionName=fragile Nodes=${cluster.#nodes.slice(0, fragile).join(',')}`]),
    ];
    writeFileSync(cluster.config, `${lines.join('\n')}\n`);
    await startMunge();
    cluster.startController();
    for (const name of cluster.#nodes) cluster.startNode(name);
    for (let i = 0; i < 300; i++) {
      const idle = await cluster.run('sinfo', '-hN', '-o', '%T').catch(() => '');
      if (idle.split('\n').filter((state) => state === 'idle').length === nodes) return cluster;
      await sleep(50);
    }
    const log = readFileSync(join(folder, 'log/slurmctld'), 'utf8');
    await cluster.stop();
    throw new Error(`the cluster did not come up:\n${log}`);
  }

  /** Runs a command of Slurm and returns what it printed; throws if it fails. */
  async run(program: string, ...args: readonly string[]): Promise<string> {
    const env = { ...process.env, ...this.env };
    return (await execute(program, [...args], { env, maxBuffer: 2 ** 28 })).stdout;
  }

  startController(): void {
    this.#daemon('slurmctld', ['-D', '-f', this.config], 'slurmctld');
  }

  /** Waits until the controller has written its state, without which another one knows nothing of the latest jobs. */
  async saved(): Promise<void> {
    const name = `mark-${Date.now()}`;
    await this.run('sbatch', '--hold', `--job-name=${name}`, '--output=/dev/null', '--wrap=true');
    const path = join(this.folder, 'state/job_state');
    for (let i = 0; i < 600; i++) {
      if (existsSync(path) && readFileSync(path, 'latin1').includes(name)) return;
      await sleep(50);
    }
    throw new Error('the controller has not written its state');
  }

  /** Sends a signal to the controller: SIGSTOP, so that it does not answer, SIGCONT, SIGKILL. */
  signalController(signal: NodeJS.Signals): void {
    this.#daemons.get('slurmctld')?.kill(signal);
  }

  startNode(name: string): void {
    this.#daemon(name, ['-D', '-f', this.config, '-N', name], 'slurmd');
  }

  /** Kills the daemon of a node, and what runs there. */
  killNode(name: string): void {
    this.#daemons.get(name)?.kill('SIGKILL');
    this.#killSteps(name);
  }

  /** Ends everything that runs under Slurm, and removes the cluster. */
  async stop(): Promise<void> {
    for (const daemon of this.#daemons.values()) daemon.kill('SIGKILL');
    for (const name of this.#nodes) this.#killSteps(name);
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  #daemon(name: string, args: readonly string[], program: 'slurmctld' | 'slurmd'): void {
    const log = join(this.folder, 'log', name);
    // The steps of a node are recognized by its working directory.
    const cwd = this.#homeOf(name);
    mkdirSync(cwd, { recursive: true });
    const child = spawn(find(program) ?? program, [...args, '-L', log], { stdio: 'ignore', cwd });
    child.on('error', () => {});
    this.#daemons.set(name, child);
  }

  #homeOf(name: string): string {
    return join(this.folder, 'home', name);
  }

  /** Jobs of a node are the children of its steps, each in a process group of its own. */
  #killSteps(node: string): void {
    const home = this.#homeOf(node);
    const script = `for p in $(pgrep -x slurmstepd); do
      [ "$(readlink /proc/$p/cwd)" = '${home}' ] || continue
      for c in $(pgrep -P $p); do kill -9 -- -$c; done; kill -9 $p; done`;
    try {
      execFileSync('sh', ['-c', script], { stdio: 'ignore' });
    } catch {
      // Nothing ran there.
    }
  }
}
