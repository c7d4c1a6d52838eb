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

/** The topic at which the session of a guest submits a jobspec, because libflux-core has to sign it. */
const GUEST_SUBMIT = 'flux-ensemble.guest-submit';

type Attributes = Readonly<Record<string, unknown>>;

const jobspecWith = (system: Attributes) => ({
  resources: [{ type: 'slot', count: 1, label: 'task', with: [{ type: 'core', count: 1 }] }],
  tasks: [{ command: ['true'], slot: 'task', count: { per_slot: 1 } }],
  attributes: { system: { duration: 0, ...system } },
  version: 1,
});

/** The request for a job of the instance's owner, signed with the mechanism `none` (RFC 15). */
function submission(system: Attributes): string {
  const jobspec = jobspecWith(system);
  const header = ['version', 'i1', 'userid', `i${process.getuid?.() ?? 0}`, 'mechanism', 'snone', ''];
  const encode = (text: string) => Buffer.from(text).toString('base64');
  return JSON.stringify({
    J: `${encode(header.join('\0'))}.${encode(JSON.stringify(jobspec))}.none`,
    urgency: 16,
    flags: NOVALIDATE,
  });
}

/**
 * Submits a job at the broker of a rank, or as a guest (null). Resolves with the reason of its refusal, empty where it was
 * accepted and is canceled.
 */
async function refusalOf(source: Requests, system: Attributes, rank: number | null): Promise<string> {
  let answer: string;
  try {
    answer = await (rank === null
      ? source.request(GUEST_SUBMIT, JSON.stringify(jobspecWith(system)))
      : source.request('job-ingest.submit', submission(system), rank));
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
 * Submits the barrier at the broker of a rank, or as a guest (null). Resolves when the job manager has refused it; with
 * words for the reason where something else has. That may be because a module of Flux is missing for a moment.
 */
export async function passBarrier(source: Requests, rank: number | null): Promise<string | null> {
  const [queue] = await queuesOf(source);
  const dependencies = [{ scheme: SCHEME, value: '0' }];
  // The refusal of a queue leaves no event. But the frobnicator, which adds defaults of the instance at the beginning of
  // the way, refuses unknown queues too, and needs one where there are any.
  const attempts = queue === undefined ? [{ queue: QUEUE }, { dependencies }] : [{ queue, dependencies }];
  let reason = '';
  for (const system of attempts) {
    reason = await refusalOf(source, system, rank);
    if (reason === '' || reason.endsWith('[EINVAL]')) return null;
  }
  return reason;
}
