/** The program that starts the jobs of the local member. */

import { existsSync } from 'node:fs';
import { spawnerPath } from '../../engine/native-files.js';
import { encodeProgram, Spawner } from '../../members/local/spawner.js';
import { BUILD } from './addon.js';
import { broken, type Check, type Finding, missing, ok } from './finding.js';

/** Starts a job and resolves with its end, or with the reason why it did not start. */
async function tryJob(): Promise<Finding> {
  let settle: (finding: Finding) => void = () => {};
  const settled = new Promise<Finding>((resolve) => {
    settle = resolve;
  });
  const fail = (reason: string) =>
    settle(broken(`the spawner ${spawnerPath()} can't run a job: ${reason}`, BUILD));
  const spawner = await Spawner.open(undefined, {
    started: () => {},
    refused: (_id, step, _errno, _time, message) => fail(`${step}: ${message}`),
    exited: (_id, status) =>
      status === 0 ? settle(ok('the spawner starts jobs')) : fail(`its wait status was ${status}`),
    drained: () => {},
    died: ({ message }) => fail(message),
  });
  try {
    spawner.spawn('1', '', '', '', encodeProgram({}, true, ['sh', '-c', 'exit 0']));
    return await settled;
  } finally {
    await spawner.close();
  }
}

export const spawner: Check = {
  name: 'spawner',
  needed: true,
  run: () =>
    existsSync(spawnerPath())
      ? tryJob()
      : missing(`the spawner was not built: ${spawnerPath()} does not exist`, BUILD),
};
