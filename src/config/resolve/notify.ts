/** The targets of notifications. Secrets must not stand in the file, so no message here has a value that may be one. */

import { parseMetricName } from '../../language/metric-name.js';
import { isTemplate, namesIn } from '../../language/template.js';
import { type Channel, NOTIFY_NAMES, type NotifyTarget } from '../../model/notification.js';
import { isSmtpUrl } from '../../notify/email.js';
import { isWebUrl } from '../../notify/http.js';
import { HOW_TO_KEEP, hasReference, isReference, withoutReferences } from '../../notify/references.js';
import { quote } from '../../text/describe.js';
import { durationSeconds } from '../../text/duration.js';
import type { Path } from '../../text/path.js';
import { messagesOf } from '../../text/result.js';
import { choices, didYouMean, thereAre } from '../../text/suggest.js';
import type { NotifyShape } from '../schema/notify.js';
import type { ResolveContext, ResolvedJobs } from './context.js';
import { isGiven } from './given.js';

const KINDS = ['webhook', 'slack', 'teams', 'ntfy', 'email', 'program'] as const;
type Kind = (typeof KINDS)[number];

/** Keys that only some kinds have. */
const KEYS_OF: Readonly<
  Record<'token' | 'from' | 'sendmail' | 'smtp' | 'user' | 'password', readonly Kind[]>
> = {
  token: ['webhook', 'slack', 'teams', 'ntfy'],
  from: ['email'],
  sendmail: ['email'],
  smtp: ['email'],
  user: ['email'],
  password: ['email'],
};

/** Hosts whose URLs are secrets. */
const SECRET_HOSTS = /(?:^|\.)(?:hooks\.slack\.com|webhook\.office\.com|logic\.azure\.com|discord\.com)$/;
/** Names of parameters of URLs that have secrets. */
const SECRET_PARAMETERS = /token|key|secret|sig|pass|auth|access|code/i;

const DEFAULT_EVERY = '60s';
const DEFAULT_TIMEOUT = '10s';

interface Place {
  readonly context: ResolveContext;
  readonly jobs: ResolvedJobs;
  readonly shape: NotifyShape;
  readonly path: Path;
}

export interface ResolvedTargets {
  readonly targets: readonly NotifyTarget[];
  /** Null where some could not be read. */
  readonly names: readonly string[] | null;
}

/** Reports every mistake in the targets. */
export function resolveNotify(context: ResolveContext, jobs: ResolvedJobs): ResolvedTargets {
  const targets: NotifyTarget[] = [];
  const names: string[] = [];
  const list = context.shape.config.notify ?? [];
  let complete = !context.shape.isBroken(['notify']);
  for (const [index, shape] of list.entries()) {
    const path = ['notify', index];
    const kind = shape === undefined ? undefined : KINDS.find((key) => isGiven(shape[key]));
    const name = shape?.name ?? kind;
    if (shape === undefined || name === undefined || context.shape.isBroken([...path, 'name']))
      complete = false;
    if (shape === undefined) continue;
    if (name !== undefined && names.includes(name)) {
      const message = `two targets have the name ${quote(name)}; give each a 'name' of its own`;
      context.problems.error(isGiven(shape.name) ? [...path, 'name'] : path, message);
    } else if (name !== undefined) names.push(name);
    const place = { context, jobs, shape, path };
    const channel = channelOf(place);
    checkTemplates(place);
    if (channel === null || name === undefined) continue;
    targets.push({
      name,
      channel,
      on: (shape.on ?? ['end', 'problem']).filter(isGiven),
      title: shape.title ?? null,
      text: shape.text ?? null,
      every: durationSeconds(shape.every ?? DEFAULT_EVERY),
      timeout: durationSeconds(shape.timeout ?? DEFAULT_TIMEOUT),
    });
  }
  return { targets, names: complete ? names : null };
}

function channelOf(place: Place): Channel | null {
  const { context, shape, path } = place;
  const { problems } = context;
  const kinds = KINDS.filter((key) => isGiven(shape[key]));
  const [kind, second] = kinds;
  if (kind === undefined) {
    if (!KINDS.some((key) => context.shape.isBroken([...path, key]))) {
      problems.error(path, `the target needs one of ${choices(KINDS)}`);
    }
    return null;
  }
  if (second !== undefined) {
    problems.error(
      [...path, second],
      `a target has one of ${choices(KINDS)}; this one has ${kind} too`,
      'key',
    );
    return null;
  }
  checkKeys(place, kind);
  if (kind === 'program') return { kind, command: (shape.program ?? []).filter(isGiven) };
  if (kind === 'email') return emailOf(place);
  const url = shape[kind] ?? '';
  checkUrl(place, kind, url);
  return { kind, url, token: secretAt(place, 'token') };
}

/** Reports keys of other kinds, which would have no effect. */
function checkKeys({ context, shape, path }: Place, kind: Kind): void {
  for (const [key, kinds] of Object.entries(KEYS_OF)) {
    if (!isGiven(shape[key as keyof typeof KEYS_OF]) || kinds.includes(kind)) continue;
    context.problems.error([...path, key], `${kind} has no ${key}, only ${choices(kinds, 'and')}`, 'key');
  }
}

function emailOf(place: Place): Channel {
  const { context, shape, path } = place;
  const { smtp = null, sendmail = null, from = null, email } = shape;
  const to = (Array.isArray(email) ? email : [email ?? '']).filter(isGiven);
  for (const [index, address] of to.entries()) {
    const at = Array.isArray(email) ? [...path, 'email', index] : [...path, 'email'];
    if (!/^[^\s@,;]+(?:@[^\s@,;]+)?$|^[^<>@\p{Cc}]*<[^\s@<>]+@[^\s@<>]+>$/u.test(address)) {
      context.problems.error(at, `must be an address like someone@site.org; found ${quote(address)}`);
    }
  }
  if (smtp !== null) {
    if (!isSmtpUrl(smtp) || /@/.test(smtp)) {
      const message =
        "must be smtp://HOST:PORT or smtps://HOST:PORT; 'user' and 'password' have keys of their own";
      context.problems.error([...path, 'smtp'], message);
    }
    if (sendmail !== null) {
      context.problems.error([...path, 'sendmail'], 'a mail goes by sendmail or by smtp; omit one', 'key');
    }
  }
  for (const key of ['user', 'password'] as const) {
    if (smtp === null && isGiven(shape[key])) {
      context.problems.error([...path, key], `only smtp has a ${key}`, 'key');
    }
  }
  const user = isGiven(shape.user) ? String(shape.user) : null;
  return { kind: 'email', to, from, sendmail, smtp, user, password: secretAt(place, 'password') };
}

/** The reference to a secret; null for none, and after a report of a secret that stands in the file. */
function secretAt({ context, shape, path }: Place, key: 'token' | 'password'): string | null {
  const value = shape[key];
  if (!isGiven(value)) return null;
  if (typeof value === 'string' && isReference(value)) return value;
  context.problems.error([...path, key], `a secret must not stand in the file: ${HOW_TO_KEEP}`);
  return null;
}

function checkUrl({ context, path }: Place, kind: 'webhook' | 'slack' | 'teams' | 'ntfy', url: string): void {
  const at = [...path, kind];
  if (url.startsWith('file:')) return;
  if ((kind === 'slack' || kind === 'teams') && !hasReference(url)) {
    context.problems.error(at, `this URL is a secret, which must not stand in the file: ${HOW_TO_KEEP}`);
    return;
  }
  const literal = withoutReferences(url);
  // The variable has the beginning of the URL.
  if (/^\$\{/.test(url)) return;
  if (!isWebUrl(url.replaceAll(/\$\{\w+\}/g, 'x'))) {
    const hint = URL.canParse(url) ? '' : didYouMean(url.split(':')[0] ?? '', ['http', 'https']);
    context.problems.error(at, `must be a URL of http or https, like https://site.org/path${hint}`);
    return;
  }
  if (hasLiteralSecret(literal)) {
    context.problems.error(at, `the URL has a secret, which must not stand in the file: ${HOW_TO_KEEP}`);
  }
}

/** Whether a URL without its references has a user, the value of a secret parameter, or a host with secret paths. */
function hasLiteralSecret(literal: string): boolean {
  if (/^https?:\/\/(?:[^/?#:@]*:[^/?#@]+|[^/?#:@]+)@/.test(literal)) return true;
  if (!URL.canParse(literal)) return false;
  const { hostname, pathname, searchParams } = new URL(literal);
  if (SECRET_HOSTS.test(hostname)) return pathname.split('/').some((part) => /^(?=.*\d).{8,}$/.test(part));
  return [...searchParams].some(([name, value]) => SECRET_PARAMETERS.test(name) && value !== '');
}

/** Checks the names in the title and the text. */
function checkTemplates({ context, jobs, shape, path }: Place): void {
  for (const key of ['title', 'text'] as const) {
    const text = shape[key];
    if (!isGiven(text) || !isTemplate(text)) continue;
    const found = namesIn(text);
    const messages = found.ok
      ? found.value.flatMap((name) => whatIsWrong(name, jobs.complete ? jobs.names : null))
      : messagesOf(found);
    for (const message of messages) context.problems.error([...path, key], message);
  }
}

function whatIsWrong(name: string, groups: ReadonlySet<string> | null): string[] {
  if (NOTIFY_NAMES.some((known) => known === name)) return [];
  if (name.startsWith('metrics.')) return messagesOf(parseMetricName(name.slice('metrics.'.length), groups));
  return [`unknown name ${quote(`{{${name}}}`)}${didYouMean(name, NOTIFY_NAMES) || thereAre(NOTIFY_NAMES)}`];
}
