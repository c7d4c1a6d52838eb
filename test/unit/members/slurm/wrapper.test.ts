/** The wrapper runs here as Slurm would run it. */

import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { compileFacts } from '../../../../src/members/slurm/batch.js';
import { SlurmJob } from '../../../../src/members/slurm/job.js';
import { type Note, readNote } from '../../../../src/members/slurm/notes.js';
import { Store } from '../../../../src/members/slurm/store.js';
import type { JobTemplate } from '../../../../src/model/ensemble.js';
import { newFolder } from '../../../support/cli.js';
import { template } from '../local/harness.js';

const origin = { rule: 0, firing: 0, part: 0, index: 0, attempt: 0 };

class Lab {
  readonly folder = newFolder();
  readonly store = new Store(join(this.folder, "the run's folder"));
  #ids = 0n;

  constructor() {
    this.store.open();
  }

  /** Makes an array of one job for each template. */
  array(...templates: readonly JobTemplate[]) {
    const jobs = templates.map((job, index) => {
      const shapeOf = this.store.shapeOf.bind(this.store);
      const outputs = join(this.folder, 'out');
      const factsOf = compileFacts(job, { ...origin, index }, { outputs, ascii: true, srun: null, shapeOf });
      return new SlurmJob(factsOf(++this.#ids, 0));
    });
    for (const { facts } of jobs) {
      if (facts.keptOutput) mkdirSync(join(facts.output, '..'), { recursive: true });
    }
    return this.store.makeArray(jobs);
  }

  /** Runs a task of an array; returns its exit status and its notes. */
  run(array: ReturnType<Lab['array']>, index: number, env: NodeJS.ProcessEnv = {}) {
    const own = { SLURM_ARRAY_TASK_ID: String(index), SLURM_ARRAY_JOB_ID: '99', SLURMD_NODENAME: 'n1' };
    let status = 0;
    try {
      const options = { env: { ...process.env, ...own, ...env }, stdio: 'ignore' } as const;
      execFileSync('sh', [this.store.fileOf(array, 'script')], options);
    } catch (error) {
      status = (error as { status: number }).status;
    }
    return { status, notes: this.notes().filter((note) => note?.index === index) };
  }

  notes(): (Note | null)[] {
    const path = join(this.store.spool, 'n1');
    if (!existsSync(path)) return [];
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
    return lines.map((line) => readNote(line, 'n1'));
  }

  /** The kept files of all jobs, with their content. */
  kept(): Record<string, string> {
    const out = join(this.folder, 'out');
    const names = readdirSync(out, { recursive: true, encoding: 'utf8' }).filter((name) =>
      /\.(out|err)$/.test(name),
    );
    return Object.fromEntries(names.map((name) => [name, readFileSync(join(out, name), 'utf8')]));
  }
}

test('a task runs its program with its words, variables and files', () => {
  const lab = new Lab();
  const odd = 'a "b" \'c\' $HOME `id` \\ \n$(id) {{id}}';
  const array = lab.array(
    template(['printf', '%s|', odd, 'é', ''], { workdir: lab.folder, output: 'words.txt' }),
    template(['sh', '-c', 'echo "$A|$B|$fe_t"; pwd; echo wrong >&2; exit 3'], {
      workdir: lab.folder,
      environment: { A: "it's", B: 'x\ny' },
      output: 'out.txt',
      error: 'err.txt',
    }),
    template(['sh', '-c', 'echo kept; echo also >&2'], { workdir: lab.folder }),
    template(['true'], { workdir: lab.folder }),
    // A shell does not pass on a variable of such a name.
    template(['env'], { workdir: lab.folder, environment: { 'a.b': '1' }, output: 'env.txt' }),
  );
  expect(lab.run(array, 0)).toMatchObject({
    status: 0,
    notes: [
      { kind: 'start', slurmId: 99, restarts: 0 },
      { kind: 'end', code: 0, signaled: false },
    ],
  });
  expect(readFileSync(join(lab.folder, 'words.txt'), 'utf8')).toBe(`${odd.replace('{{id}}', 'f2')}|é||`);
  const { status, notes } = lab.run(array, 1, { SLURM_RESTART_COUNT: '2' });
  expect([status, notes.at(-1)]).toMatchObject([3, { kind: 'end', code: 3, restarts: 2 }]);
  expect(readFileSync(join(lab.folder, 'out.txt'), 'utf8')).toBe(`it's|x\ny|\n${lab.folder}\n`);
  expect(readFileSync(join(lab.folder, 'err.txt'), 'utf8')).toBe('wrong\n');
  lab.run(array, 2);
  lab.run(array, 3);
  lab.run(array, 4);
  expect(readFileSync(join(lab.folder, 'env.txt'), 'utf8')).toMatch(/^a\.b=1$/m);
  // Empty ones are removed.
  expect(Object.values(lab.kept())).toEqual(['also\n', 'kept\n']);
  expect(Object.keys(lab.kept()).every((name) => name.includes('/2-'))).toBe(true);
});

test('a program that can not be started is noted with the step that failed', () => {
  const lab = new Lab();
  writeFileSync(join(lab.folder, 'not-a-program'), 'text', { mode: 0o644 });
  const { folder: workdir } = lab;
  const array = lab.array(
    template(['true'], { workdir: '/nowhere' }),
    template(['no-such-program'], { workdir }),
    template(['./not-a-program'], { workdir }),
    template(['true'], { workdir, output: '/nowhere/out' }),
    template(['true'], { workdir, error: '/nowhere/err' }),
  );
  const failure = (index: number) => {
    const { status, notes } = lab.run(array, index);
    const failed = notes.find((note) => note?.kind === 'fail');
    return [status, failed?.kind === 'fail' ? failed.step : null];
  };
  expect([0, 1, 2, 3, 4].map(failure)).toEqual([
    [1, 'workdir'],
    [127, 'exec'],
    [126, 'exec'],
    [1, 'output'],
    [1, 'error'],
  ]);
});

test('a signal for the wrapper is noted, and its program sees it too', async () => {
  const lab = new Lab();
  const ready = join(lab.folder, 'ready');
  const program = `trap 'exit 5' TERM; : >${ready}; while :; do sleep 0.05; done`;
  const array = lab.array(template(['sh', '-c', program], { workdir: lab.folder }));
  const env = { ...process.env, SLURM_ARRAY_TASK_ID: '0', SLURM_ARRAY_JOB_ID: '99', SLURMD_NODENAME: 'n1' };
  const script = `setsid sh '${lab.store.fileOf(array, 'script').replaceAll("'", `'\\''`)}' & p=$!
    until [ -e '${ready}' ]; do sleep 0.05; done; kill -TERM -$p; wait $p`;
  await promisify(execFile)('sh', ['-c', script], { env }).catch(() => {});
  expect(lab.notes().at(-1)).toMatchObject({ kind: 'end', code: 5, signaled: true });
});

test('a program does not start after a signal for the wrapper', () => {
  const lab = new Lab();
  const array = lab.array(template(['touch', 'started'], { workdir: lab.folder }));
  // The signal comes while the wrapper asks for the time of the start.
  const date = '#!/bin/sh\nkill -TERM $PPID\nPATH=/usr/bin:/bin exec date "$@"\n';
  writeFileSync(join(lab.folder, 'date'), date, { mode: 0o755 });
  expect(lab.run(array, 0, { PATH: `${lab.folder}:${process.env.PATH}` })).toMatchObject({
    status: 143,
    notes: [{ kind: 'start' }, { kind: 'end', code: 143, signaled: true }],
  });
  expect(existsSync(join(lab.folder, 'started'))).toBe(false);
});

test('only one of a task and a revocation wins', () => {
  const lab = new Lab();
  const late = lab.array(template(['true']));
  expect(lab.store.revoke(late)).toBe(true);
  expect(lab.run(late, 0)).toEqual({ status: 212, notes: [] });
  lab.store.removeArray(late);
  // Without its script, Slurm's copy of it runs.
  const early = lab.array(template(['true']), template(['true']));
  expect(lab.run(early, 0).status).toBe(0);
  expect(lab.store.revoke(early)).toBe(false);
  expect(lab.run(early, 1).status).toBe(0);
});

test('a task that ran before does not run again, unless Slurm has put it back in its queue', () => {
  const lab = new Lab();
  const array = lab.array(template(['true']));
  expect(lab.run(array, 0).status).toBe(0);
  expect(lab.run(array, 0).status).toBe(213);
  expect(lab.run(array, 0, { SLURM_RESTART_COUNT: '1' }).status).toBe(0);
  expect(lab.notes().map((note) => note?.kind)).toEqual(['start', 'end', 'start', 'end']);
});

test('a task whose node does not see the folder of the run says so by its status', () => {
  const lab = new Lab();
  const array = lab.array(template(['true']));
  const script = readFileSync(lab.store.fileOf(array, 'script'));
  rmSync(lab.store.folder, { recursive: true });
  expect(() => execFileSync('sh', [], { input: script, stdio: ['pipe', 'ignore', 'ignore'] })).toThrow(
    expect.objectContaining({ status: 211 }),
  );
});

test('a store that is opened again has the jobs and arrays of the first process', () => {
  const lab = new Lab();
  const array = lab.array(template(['one']), template(['two', '{{id}}'], { duration: 90 }));
  const facts = array.jobs.flatMap((job) => job?.facts ?? []);
  lab.store.addJobs(facts);
  lab.store.accepted(array, 4711);
  const revoked = lab.array(template(['one']));
  lab.store.revoke(revoked);
  lab.store.close();
  writeFileSync(join(lab.store.folder, 'ledger'), '{"array":9,"jo', { flag: 'a' });
  const again = new Store(lab.store.folder);
  const { jobs, arrays } = again.open();
  expect([...jobs.values()]).toEqual(facts);
  expect([...arrays.values()]).toEqual([
    { number: 1, jobs: [1n, 2n], slurmId: 4711, revoked: false },
    { number: 2, jobs: [3n], slurmId: null, revoked: true },
  ]);
  // The torn line is gone, and numbers are not used twice.
  expect(again.makeArray([]).number).toBe(3);
  again.close();
  expect(new Store(lab.store.folder).open().arrays.size).toBe(3);
});
