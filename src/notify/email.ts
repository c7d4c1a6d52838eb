/** E-mail by the site's `sendmail`, or by SMTP with the optional package nodemailer, which is loaded only then. */

import { existsSync } from 'node:fs';
import type { Channel } from '../model/notification.js';
import { loadOptional } from '../optional-package.js';
import { NotDelivered, type Send } from './attempt.js';
import { bodyOf, mailOf, oneLine } from './mail.js';
import { runWith } from './program.js';

/** The usual places of the program, which need not be in the PATH of users. */
const PLACES = ['/usr/sbin/sendmail', '/usr/lib/sendmail', '/usr/bin/sendmail'];

interface Transport {
  sendMail(mail: object): Promise<{ readonly response?: string }>;
  close(): void;
}

interface NodeMailer {
  createTransport(options: object): Transport;
}

/** Loads the package. Throws EnsembleError `ERR_ADDON` with what to install. */
async function loadNodeMailer(): Promise<NodeMailer> {
  const loaded = await loadOptional<NodeMailer & { readonly default?: NodeMailer }>(
    'nodemailer',
    'smtp: of email',
  );
  return loaded.default ?? loaded;
}

/** Whether a text is the URL of an SMTP server. */
export function isSmtpUrl(text: string): boolean {
  return URL.canParse(text) && ['smtp:', 'smtps:'].includes(new URL(text).protocol);
}

export const sendEmail: Send<Extract<Channel, { kind: 'email' }>> = async (
  channel,
  envelope,
  references,
  signal,
) => {
  const { to, from, sendmail, smtp } = channel;
  if (smtp === null) {
    const program = sendmail ?? PLACES.find((path) => existsSync(path)) ?? 'sendmail';
    return runWith([program, '-i', '-t'], mailOf(envelope, to, from), signal);
  }
  const { createTransport } = await loadNodeMailer();
  // No event comes for an abort during the load.
  signal.throwIfAborted();
  const { protocol, hostname, port } = new URL(smtp);
  const user = channel.user === null ? null : references.resolve(channel.user);
  const pass = channel.password === null ? '' : references.resolve(channel.password);
  const transport = createTransport({
    host: hostname.replace(/^\[|\]$/g, ''),
    secure: protocol === 'smtps:',
    ...(port === '' ? {} : { port: Number(port) }),
    ...(user === null ? {} : { auth: { user, pass } }),
  });
  let onAbort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(new NotDelivered('no answer in time', true));
  });
  signal.addEventListener('abort', onAbort);
  try {
    const sent = transport.sendMail({
      from: from === null ? to[0] : oneLine(from),
      to: [...to],
      subject: oneLine(envelope.title),
      text: bodyOf(envelope),
      messageId: `<${envelope.event.id}@flux-ensemble>`,
      headers: { 'Auto-Submitted': 'auto-generated' },
    });
    const { response = 'sent' } = await Promise.race([sent, aborted]);
    return response;
  } catch (cause) {
    if (cause instanceof NotDelivered) throw cause;
    const { message, responseCode = 0 } = cause as Error & { readonly responseCode?: number };
    // The server refuses the mail, or the user, for good.
    throw new NotDelivered(message, responseCode < 500);
  } finally {
    signal.removeEventListener('abort', onAbort);
    transport.close();
  }
};
