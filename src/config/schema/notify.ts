/** The shape of `notify`: who gets messages about the run, how and when. */

import { z } from 'zod';
import { delay, described, duration, string, text } from '../../language/shapes.js';
import { MAX_TIMER } from '../../model/limits.js';
import { NAMED_VARIABLE, NOTIFY_EVENTS } from '../../model/notification.js';

const EVENTS = `must be one of ${Object.keys(NOTIFY_EVENTS).join(', ')}`;

/** A secret may be written as a number, which is refused without it in the message. */
const secret = () => z.union([z.string(), z.number(), z.bigint()], { error: 'must be text' }).nullish();

function words(what: string) {
  const error = `must be ${what}`;
  return z.array(string(error), { error }).min(1, { error });
}

const targetSchema = z
  .strictObject(
    {
      name: text()
        .nullish()
        .describe('Name of the target, for messages and for the action `notify` (default: its kind).'),
      webhook: text()
        .nullish()
        .describe(
          `URL that gets a POST with a CloudEvents 1.0 event in JSON; may hold ${NAMED_VARIABLE}, or be file:PATH.`,
        ),
      slack: text()
        .nullish()
        .describe(`URL of a Slack webhook, as ${NAMED_VARIABLE} or file:PATH, because the URL is a secret.`),
      teams: text()
        .nullish()
        .describe(
          `URL of a Microsoft Teams workflow, as ${NAMED_VARIABLE} or file:PATH, because the URL is a secret.`,
        ),
      ntfy: text()
        .nullish()
        .describe(`URL of a topic of ntfy: https://ntfy.sh/TOPIC; may hold ${NAMED_VARIABLE}.`),
      email: z
        .union([text(), words('addresses')], { error: 'must be an address or a list of addresses' })
        .nullish()
        .describe('Addresses that get a mail, by `sendmail` or by `smtp`.'),
      program: words('a program and its arguments, as a list of texts')
        .nullish()
        .describe('Program and arguments; it gets the JSON of a webhook on standard input.'),
      token: secret().describe(`For URLs: bearer token, as ${NAMED_VARIABLE} or file:PATH.`),
      from: text().nullish().describe('For email: the sender.'),
      sendmail: text().nullish().describe("For email: path of the program (default: the site's sendmail)."),
      smtp: text()
        .nullish()
        .describe('For email: server, as smtp://HOST:PORT or smtps://HOST; needs the package nodemailer.'),
      user: secret().describe('For smtp: the user.'),
      password: secret().describe(`For smtp: the password, as ${NAMED_VARIABLE} or file:PATH.`),
      on: z
        .array(described(NOTIFY_EVENTS, EVENTS), { error: `must be a list; each item ${EVENTS}` })
        .nullish()
        .meta({
          description: 'Events that are sent; [] for those of the action alone.',
          default: ['end', 'problem'],
        }),
      title: text().nullish().describe('Template of the title, as {{run}}: {{title}}.'),
      text: text().nullish().describe('Template of the text, as {{text}} on {{host}}.'),
      every: delay(MAX_TIMER).optional().meta({
        description: 'Least time between two messages of one kind; later ones are summed up.',
        default: '60s',
      }),
      timeout: duration(MAX_TIMER)
        .optional()
        .meta({ description: 'How long one attempt may take.', default: '10s' }),
    },
    { error: 'must be a mapping with webhook, slack, teams, ntfy, email or program' },
  )
  .describe('A target of notifications.');

export const notifySchema = z
  .array(targetSchema, { error: 'must be a list of targets' })
  .nullish()
  .describe('Targets of notifications about the run.');

export type NotifyShape = Partial<z.infer<typeof targetSchema>>;
