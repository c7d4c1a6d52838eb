/** Validates requests. Their content is not trusted, and every fault is reported. */

import { z } from 'zod';
import { didYouMean } from '../../text/suggest.js';
import { Refusal } from './refusal.js';

/** API group and version of the MiniClusters, which every payload names. */
export const apiGroup = 'flux-framework.org';
export const apiVersion = 'v1alpha2';

/** Maximum nodes in one request. */
export const largestStep = 1_000_000;
/** Characters. */
const longestPayload = 16_384;
const longestName = 253;

export const actions = ['grow', 'shrink'] as const;
export type ResizeAction = (typeof actions)[number];

/** The kinds of member, which requests may name in the plural too, as ensemble-python's members do. */
const members = ['minicluster', 'local', 'flux'] as const;
export type MemberKind = (typeof members)[number];

const step = z
  .int({ error: ({ input }) => `must be a whole number of nodes, not ${shortly(input)}` })
  .min(1, { error: ({ input }) => `must be at least 1, not ${input}` })
  .max(largestStep, { error: ({ input }) => `must be at most ${largestStep}, not ${input}` });

const payloadSchema = z.object({
  version: z.literal(apiVersion, { error: ({ input }) => `must be '${apiVersion}', not ${shortly(input)}` }),
  group: z.literal(apiGroup, { error: ({ input }) => `must be '${apiGroup}', not ${shortly(input)}` }),
  grow: step.nullish(),
  shrink: step.nullish(),
  namespace: z.string({ error: 'must be a text' }).nullish(),
  request: z.string({ error: 'must be a text' }).max(128, { error: 'is too long' }).nullish(),
});

export interface ActionPayload {
  /** Nodes to add or to take away; 1 when the payload does not say. */
  readonly step: number;
  readonly namespace: string | null;
  /** The idempotency key of the request; null when the caller sent none. */
  readonly request: string | null;
}

/** A value of the caller in a message: short, and on one line. */
function shortly(value: unknown): string {
  if (value === undefined) return 'left out';
  const text = JSON.stringify(value) ?? typeof value;
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

function parseJson(text: string): unknown {
  if (text.length > longestPayload) {
    throw new Refusal('bad_request', `the payload has more than ${longestPayload} characters`);
  }
  try {
    return JSON.parse(text);
  } catch {
    const example = `{"version": "${apiVersion}", "group": "${apiGroup}", "grow": 1}`;
    throw new Refusal('bad_request', `the payload is not valid JSON; it must be like ${example}`);
  }
}

/** The action of a request. Throws Refusal. */
export function readAction(text: string): ResizeAction {
  const action = actions.find((name) => name === text);
  if (action !== undefined) return action;
  throw new Refusal(
    'bad_request',
    `unknown action ${shortly(text)}${didYouMean(text, actions)}; there are grow and shrink`,
  );
}

/** The payload of an action. Throws Refusal with everything that is wrong with it. */
export function readPayload(text: string, action: ResizeAction): ActionPayload {
  const value = parseJson(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Refusal('bad_request', `the payload must be a JSON object, not ${shortly(value)}`);
  }
  const { data, error } = payloadSchema.safeParse(value);
  if (error !== undefined) {
    const problems = error.issues.map(({ path, message }) => `'${path.join('.')}' ${message}`);
    throw new Refusal('bad_request', `payload: ${problems.join('; ')}`);
  }
  const other = action === 'grow' ? 'shrink' : 'grow';
  if (data[action] == null && data[other] != null) {
    throw new Refusal('bad_request', `payload: the action is ${action}, but there is only '${other}'`);
  }
  return {
    step: data[action] ?? 1,
    namespace: data.namespace ?? null,
    request: data.request ?? null,
  };
}

/** The kind of member that a request is about. Throws Refusal. */
export function readMember(text: string): MemberKind {
  const singular = text.toLowerCase().replace(/s$/, '');
  const member = members.find((name) => name === singular);
  if (member !== undefined) return member;
  throw new Refusal(
    'not_found',
    `unknown member ${shortly(text)}${didYouMean(singular, members)}; there are minicluster, local and flux`,
  );
}

/**
 * Splits `namespace/name`; the namespace may be in the payload too. The name may be empty where `optional`. Throws
 * Refusal.
 */
export function readName(
  text: string,
  namespace: string | null,
  optional: boolean,
): { readonly name: string; readonly namespace: string | null } {
  const parts = text.split('/');
  const name = parts.pop() ?? '';
  const before = parts.length === 0 ? null : parts.join('/');
  if (before !== null && namespace !== null && before !== namespace) {
    throw new Refusal('bad_request', `the name says namespace ${shortly(before)}, the payload another one`);
  }
  const found = { name, namespace: before ?? namespace };
  if (name === '' && !optional) throw new Refusal('bad_request', "the request's name is empty");
  for (const [what, part] of Object.entries(found)) {
    if (part === null || (part === '' && what === 'name')) continue;
    // The characters that Kubernetes allows; names of runs follow the same rule.
    if (part.length > longestName || !/^\w([\w.-]*\w)?$/.test(part)) {
      throw new Refusal(
        'bad_request',
        `${shortly(part)} is not a valid ${what}: use only letters, digits and -._`,
      );
    }
  }
  return found;
}
