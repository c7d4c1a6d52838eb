/** Delivers a message to a target, in one attempt or in several. */

import { EnsembleError } from '../errors.js';
import type { NotifyTarget } from '../model/notification.js';
import { NotDelivered, type Send } from './attempt.js';
import { sendEmail } from './email.js';
import type { Envelope } from './envelope.js';
import { sendHttp } from './http.js';
import { sendToProgram } from './program.js';
import type { References } from './references.js';

const send: Send = (channel, ...rest) => {
  if (channel.kind === 'email') return sendEmail(channel, ...rest);
  return channel.kind === 'program' ? sendToProgram(channel, ...rest) : sendHttp(channel, ...rest);
};

/** Throws what resolving the references of a channel throws, so that a missing secret is reported before it is needed. */
export function checkReferences({ channel }: NotifyTarget, references: References): void {
  const texts =
    'url' in channel
      ? [channel.url, channel.token]
      : channel.kind === 'email'
        ? [channel.user, channel.password]
        : [];
  for (const text of texts) if (text !== null) references.resolve(text);
}

/**
 * One attempt. Resolves with what the receiver said. Throws NotDelivered, whose message has no secret. `stop` breaks it
 * off.
 */
export async function attempt(
  { channel, timeout }: NotifyTarget,
  envelope: Envelope,
  references: References,
  stop: AbortSignal,
): Promise<string> {
  const over = new AbortController();
  let late = false;
  const onStop = () => over.abort();
  const timer = setTimeout(() => {
    late = true;
    over.abort();
  }, timeout * 1000);
  stop.addEventListener('abort', onStop);
  if (stop.aborted) onStop();
  try {
    return references.redact(await send(channel, envelope, references, over.signal));
  } catch (cause) {
    if (late) throw new NotDelivered(`no answer within ${timeout} s`, true);
    // The end of the time for all messages breaks it off.
    if (stop.aborted) throw new NotDelivered('no answer', true);
    const reason = references.redact(cause instanceof Error ? cause.message : String(cause));
    // A missing variable, file or package stays missing.
    if (cause instanceof EnsembleError) throw new NotDelivered(reason, false);
    if (cause instanceof NotDelivered) throw new NotDelivered(reason, cause.again, cause.wait);
    throw new NotDelivered(reason, true);
  } finally {
    clearTimeout(timer);
    stop.removeEventListener('abort', onStop);
  }
}
