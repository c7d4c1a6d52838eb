/** The folders of runs. */

import { chmodSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { sizeOf } from '../../../src/store/folder-size.js';
import { createRunFolder, RunFolder, readManifest, recordExit } from '../../../src/store/run-folder.js';
import { findRun, listRuns, removeRun } from '../../../src/store/runs.js';
import { stateFolder } from '../../../src/store/state-folder.js';
import { newFolder } from '../../support/cli.js';

const options = {
  slots: 2,
  grace: null,
  watch: true,
  validateAll: false,
  durability: 'process' as const,
  outputLimit: 1e9,
  logLimit: 1e9,
  slurmInterval: null,
  instances: null,
};
const facts = {
  ...{ file: '/x/a.yaml', ensemble: 'ensemble-1', member: 'local', uri: null, rules: ['start'] },
  options,
};

function newRun(state: string, name = 'study', started = 1000): RunFolder {
  const run = RunFolder.open(createRunFolder(state, 'jobs: []\n'), null);
  run.begin({ ...facts, name }, started);
  return run;
}

const done = { state: 'done', counts: { jobs: 3, failed: 1 } } as const;

test('a run has a private folder with its configuration and its manifest', () => {
  const state = join(newFolder(), 'new', 'state');
  const run = newRun(state);
  const id = basename(run.path);
  expect(dirname(run.path)).toBe(join(state, 'runs'));
  expect(statSync(run.path).mode & 0o777).toBe(0o700);
  expect(statSync(state).mode & 0o777).toBe(0o700);
  expect(readFileSync(join(run.path, 'ensemble.yaml'), 'utf8')).toBe('jobs: []\n');
  expect(readManifest(run.path)).toMatchObject({
    format: 1,
    id,
    ...facts,
    pid: process.pid,
    folder: process.cwd(),
    started: 1000,
    ended: null,
    state: 'running',
  });
  expect(listRuns(state).runs).toMatchObject([{ state: 'running' }]);
  run.finish(done, 1009);
  expect(readManifest(run.path)).toMatchObject({ ...done, ended: 1009, exit: null });
  recordExit(run.path, 1);
  expect(readManifest(run.path)).toMatchObject({ ...done, ended: 1009, exit: 1 });
  expect(listRuns(state)).toMatchObject({ runs: [{ path: run.path, state: 'done' }], problems: [] });
});

test('a run whose process is gone and that has no end is lost', () => {
  const state = newFolder();
  const run = newRun(state);
  const lock = join(run.path, 'lock.1');
  writeFileSync(lock, readFileSync(lock, 'utf8').replace(/"started":"\d+"/, '"started":"1"'));
  expect(listRuns(state).runs).toMatchObject([{ state: 'lost' }]);
});

test('runs are found by id, by name, by the beginning of one of them, by path, and by the working directory', () => {
  const state = newFolder();
  const runs = [newRun(state, 'melt', 1), newRun(state, 'melt', 2), newRun(state, 'freeze', 3)];
  const [old, melt, freeze] = runs.map(({ path }) => basename(path));
  const found = (wanted: string | undefined, here?: string) => findRun(state, wanted, here).manifest.id;
  expect(listRuns(state).runs.map(({ manifest }) => manifest.id)).toEqual([freeze, melt, old]);
  expect(found(old)).toBe(old);
  expect(found(old?.slice(0, 5))).toBe(old);
  expect(found('melt')).toBe(melt);
  expect(found('mel')).toBe(melt);
  expect(found('free')).toBe(freeze);
  expect(found(join(state, 'runs', old ?? ''))).toBe(old);
  expect(found(undefined)).toBe(freeze);
  expect(() => found('')).toThrow("'' is the beginning of 3 runs: ");
  expect(() => found('meld')).toThrow("unknown run 'meld'; did you mean 'melt'?");
  expect(() => found(undefined, '/nowhere')).toThrow(
    'no run was started in /nowhere; `ensemble runs` lists all runs',
  );
  expect(() => findRun(newFolder(), undefined, '/nowhere')).toThrow('has no runs');
});

test('folders that are not readable as runs are reported and skipped', () => {
  const state = newFolder();
  const good = newRun(state);
  const put = (name: string, text: string) => {
    mkdirSync(join(state, 'runs', name));
    writeFileSync(join(state, 'runs', name, 'run.json'), text);
  };
  put('torn', '{"format": 1, "id": "to');
  put('newer', '{"format": 2}');
  put('other', '{"format": 1, "id": 7}');
  writeFileSync(join(state, 'runs', 'file'), '');
  const { runs, problems } = listRuns(state);
  expect(runs.map(({ manifest }) => manifest.id)).toEqual([basename(good.path)]);
  expect(problems.map(({ message }) => message.replace(`${state}/runs/`, '')).sort()).toEqual(
    [
      expect.stringContaining("can't read file/run.json"),
      expect.stringContaining('newer/run.json has format 2, which a newer version of flux-ensemble reads'),
      expect.stringContaining('other/run.json is damaged: id: '),
      expect.stringContaining('torn/run.json is damaged: '),
    ].map((each) => each),
  );
});

test('a removed run is gone, and the sizes of files add up', async () => {
  const state = newFolder();
  const run = newRun(state);
  const before = sizeOf(run.path).bytes;
  writeFileSync(join(run.path, 'out', 'x'), Buffer.alloc(100_000));
  expect(sizeOf(run.path).bytes - before).toBeGreaterThanOrEqual(100_000);
  expect(sizeOf(run.path, 1).whole).toBe(false);
  removeRun(findRun(state, basename(run.path)));
  expect(listRuns(state).runs).toEqual([]);
  expect(sizeOf(run.path)).toEqual({ bytes: 0, whole: true });
});

test('the state folder is the given one, that of XDG, or one in the home', () => {
  expect(stateFolder('/given/', { XDG_STATE_HOME: '/state' })).toBe('/given');
  expect(stateFolder(undefined, { XDG_STATE_HOME: '/state', HOME: '/home/me' })).toBe('/state/flux-ensemble');
  expect(stateFolder(undefined, { XDG_STATE_HOME: 'relative', HOME: '/home/me' })).toBe(
    '/home/me/.local/state/flux-ensemble',
  );
});

test('a state folder that others could write to is refused', () => {
  const state = newFolder();
  mkdirSync(join(state, 'runs'));
  chmodSync(join(state, 'runs'), 0o777);
  const refused = expect.objectContaining({ code: 'ERR_INSECURE' });
  expect(() => newRun(state)).toThrow(refused);
  chmodSync(join(state, 'runs'), 0o755);
  newRun(state);
  chmodSync(state, 0o777);
  expect(() => newRun(state)).toThrow(`others may write to ${state} (mode 0777); use another folder`);
  chmodSync(state, 0o700);
  // A link of this user to a large disk is usual.
  const link = join(newFolder(), 'link');
  symlinkSync(state, link);
  newRun(link);
});

test('a state folder that is a file is an error with its path', () => {
  const file = join(newFolder(), 'file');
  writeFileSync(file, '');
  expect(() => newRun(file)).toThrow(expect.objectContaining({ code: 'ERR_FILE' }));
});
