/** Requests jobs of runs from a thread, which exists while there are requests. */

import { Worker } from 'node:worker_threads';
import { packageFile } from '../../text/package-file.js';
import { ApiProblem } from '../problem.js';
import type { JobsAnswers, JobsQuestion, JobsReply, JobsRequest } from './request.js';

/** Requests that wait; further ones are refused. */
const MAX_WAITING = 32;
/** Milliseconds without a request after which the thread ends and its memory is free. */
const IDLE = 30_000;

interface Waiting {
  resolve(answer: JobsAnswers[keyof JobsAnswers]): void;
  reject(error: Error): void;
}

export class JobsReader {
  #thread: Worker | null = null;
  #idle: NodeJS.Timeout | undefined;
  #number = 0;
  readonly #waiting = new Map<number, Waiting>();

  close(): void {
    clearTimeout(this.#idle);
    void this.#thread?.terminate();
    this.#thread = null;
    this.#giveUp(new ApiProblem('ERR_UNAVAILABLE', 'the server is shutting down'));
  }

  /**
   * Requests something about the jobs of the run in a folder. Throws ApiProblem for an invalid query, a run without a log,
   * and while too many requests wait.
   */
  ask<Kind extends JobsRequest['kind']>(
    folder: string,
    request: JobsRequest & { readonly kind: Kind },
  ): Promise<JobsAnswers[Kind]> {
    if (this.#waiting.size >= MAX_WAITING) {
      throw new ApiProblem('ERR_BUSY', `${MAX_WAITING} queries of jobs wait already`, {
        headers: { 'retry-after': '2' },
      });
    }
    clearTimeout(this.#idle);
    this.#thread ??= this.#start();
    const question: JobsQuestion = { number: ++this.#number, folder, request };
    return new Promise<JobsAnswers[Kind]>((resolve, reject) => {
      const taken = (answer: JobsAnswers[keyof JobsAnswers]) => resolve(answer as JobsAnswers[Kind]);
      this.#waiting.set(question.number, { resolve: taken, reject });
      this.#thread?.postMessage(question);
    });
  }

  #start(): Worker {
    // The path is the same from src/ and from dist/, and from a bundle.
    const thread = new Worker(packageFile('dist/api/jobs/thread.js'));
    thread.unref();
    thread.on('message', (reply: JobsReply) => this.#take(reply));
    const lost = (error: unknown) => {
      if (this.#thread !== thread) return;
      this.#thread = null;
      this.#giveUp(new Error('the thread that reads jobs has ended', { cause: error }));
    };
    thread.on('error', lost);
    thread.on('exit', lost);
    return thread;
  }

  #take(reply: JobsReply): void {
    const waiting = this.#waiting.get(reply.number);
    this.#waiting.delete(reply.number);
    if ('answer' in reply) waiting?.resolve(reply.answer);
    else waiting?.reject(errorOf(reply));
    if (this.#waiting.size > 0) return;
    this.#idle = setTimeout(() => this.#end(), IDLE);
    this.#idle.unref();
  }

  #end(): void {
    void this.#thread?.terminate();
    this.#thread = null;
  }

  #giveUp(error: Error): void {
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(error);
  }
}

/** Queries come from the caller, so their faults are those of the request. */
function errorOf({ code, message }: { readonly code: string | null; readonly message: string }): Error {
  if (code === 'ERR_RUN') return new ApiProblem('ERR_REQUEST', message);
  return new Error(code === null ? message : `${message} [${code}]`);
}
