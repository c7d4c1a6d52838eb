/** The thread that reads logs of runs and selects their jobs. A million jobs would keep the event loop busy for seconds. */

import { parentPort } from 'node:worker_threads';
import { EnsembleError } from '../../errors.js';
import { answerJobs } from './answers.js';
import type { JobsQuestion, JobsReply } from './request.js';

async function replyTo({ number, folder, request }: JobsQuestion): Promise<JobsReply> {
  try {
    return { number, answer: await answerJobs(folder, request) };
  } catch (error) {
    if (error instanceof EnsembleError) return { number, code: error.code, message: error.message };
    return { number, code: null, message: error instanceof Error ? (error.stack ?? '') : String(error) };
  }
}

let before: Promise<void> = Promise.resolve();
parentPort?.on('message', (question: JobsQuestion) => {
  // One after the other, so that a log is read once.
  before = before.then(async () => parentPort?.postMessage(await replyTo(question)));
});
