/**
 * A barrier after the submissions of a process that has died. Flux performs everything that the process sent, but a
 * job on its way is in no list and in no event: it waits for a validator, for the KVS, or for the job manager. The
 * barrier is a submission that takes the same way to its end, where the job manager refuses it.
 */

import { MemberError } from '../../errors.js';
import type { Requests } from './tree.js';

/** Names that no instance has. */
const QUEUE = 'flux-ensemble-barrier-no-such-queue';
const SCHEME = 'flux-ensemble-barrier-no-such-scheme';

/** FLUX_JOB_NOVALIDATE: the validator would refuse the job before the end of the way. */
const NOVALIDATE = 8;

/** The request for a job of the instance's owner, signed with the mechanism `none` (RFC 15). */
function submission(system: Readonly<Record<string, unknown>>): string {
  const jobspec = {
    resources: [{ type: 'slot', count: 1, label: 'task', with: [{ type: 'core', count: 1 }] }],
    tasks: [{ command: ['true'], slot: 'task', count: { per_slot: 1 } }],
    attributes: { system: { duration: 0, ...system } },
    version: 1,
  };
  const header = ['version', 'i1', 'userid', `i${process.getuid?.() ?? 0}`, 'mechanism', 'snone', ''];
  const encode = (text: string) => Buffer.from(text).toString('base64');
  return JSON.stringify({
    J: `${encode(header.join('\0'))}.${encode(JSON.stringify(jobspec))}.none`,
    urgency: 16,
    flags: NOVALIDATE,
  });
}

/** Submits a job; resolves with the reason of its refusal, empty where it was accepted and is canceled. */
async function refusalOf(source: Requests, request: string, rank: number): Promise<string> {
  let answer: string;
  try {
    answer = await source.request('job-ingest.submit', request, rank);
  } catch (error) {
    if (error instanceof MemberError && !error.message.endsWith('[EHOSTUNREACH]')) return error.message;
    throw error;
  }
  // Text, because ids are larger than the safe integers.
  const id = /"id":\s*(\d+)/.exec(answer)?.[1];
  const note = 'it was submitted only to be refused';
  await source.request('job-manager.raise', `{"id":${id},"type":"cancel","severity":0,"note":"${note}"}`);
  return '';
}

async function queuesOf(source: Requests): Promise<readonly string[]> {
  const answer = await source.request('job-manager.queue-list', '{}');
  return (JSON.parse(answer) as { queues?: readonly string[] }).queues ?? [];
}

/**
 * Submits the barrier at the broker of a rank. Resolves when the job manager has refused it; with words for the reason
 * where something else has. That may be because a module of Flux is missing for a moment.
 */
export async function passBarrier(source: Requests, rank: number): Promise<string | null> {
  const [queue] = await queuesOf(source);
  const dependencies = [{ scheme: SCHEME, value: '0' }];
  // The refusal of a queue leaves no event. But the frobnicator, which adds defaults of the instance at the beginning of
  // the way, refuses unknown queues too, and needs one where there are any.
  const attempts = queue === undefined ? [{ queue: QUEUE }, { dependencies }] : [{ queue, dependencies }];
  let reason = '';
  for (const system of attempts) {
    reason = await refusalOf(source, submission(system), rank);
    if (reason === '' || reason.endsWith('[EINVAL]')) return null;
  }
  return reason;
}
