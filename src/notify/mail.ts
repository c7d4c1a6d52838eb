/** A message as a mail (RFC 5322). */

import type { Envelope } from './envelope.js';

/** Characters of a subject; longer lines are cut. */
const MAX_SUBJECT = 300;
/** Bytes of an encoded word, which has 75 characters at most (RFC 2047). */
const WORD_BYTES = 42;

/** The text on one line without control characters, which would end a header. */
export function oneLine(text: string): string {
  const line = text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').trim();
  return [...line].slice(0, MAX_SUBJECT).join('');
}

/** The text for a header: as it is in ASCII, else in encoded words (RFC 2047). */
export function encodedWord(text: string): string {
  const line = oneLine(text);
  if (/^[\x20-\x7e]*$/.test(line)) return line;
  const words = [''];
  for (const character of line) {
    const longer = `${words.at(-1)}${character}`;
    if (Buffer.byteLength(longer) > WORD_BYTES) words.push(character);
    else words[words.length - 1] = longer;
  }
  return words.map((word) => `=?UTF-8?B?${Buffer.from(word).toString('base64')}?=`).join(' ');
}

/** The text, and below it the run that it is about. A reader of mails may have many runs. */
export function bodyOf({ text, run: { name, id, host, file } }: Envelope): string {
  const of = [`run ${name} (${id}) on ${host}`, ...(file === null ? [] : [`file ${file}`])];
  // Programs for mail know this line as the beginning of a signature.
  return `${[text, '', '-- ', ...of.map(oneLine)].join('\n')}\n`;
}

/** The mail with its headers, for a program that reads its recipients from them. Lines end with a line feed. */
export function mailOf(envelope: Envelope, to: readonly string[], from: string | null): string {
  const { title, event } = envelope;
  const body = Buffer.from(bodyOf(envelope)).toString('base64').replace(/.{76}/g, '$&\n');
  const date = new Date(event.time).toUTCString().replace('GMT', '+0000');
  return [
    ...(from === null ? [] : [`From: ${oneLine(from)}`]),
    `To: ${to.map(oneLine).join(', ')}`,
    `Subject: ${encodedWord(title)}`,
    `Date: ${date}`,
    `Message-ID: <${event.id}@flux-ensemble>`,
    'Auto-Submitted: auto-generated',
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: base64',
    '',
    body,
    '',
  ].join('\n');
}
