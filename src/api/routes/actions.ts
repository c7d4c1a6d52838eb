/** Actions. */

import type { ExternalAction, ExternalOutcome } from '../../run/external-actions.js';
import type { Caller } from '../../service/admission.js';
import { auditedParameters } from '../../service/audit.js';
import { problemCode } from '../problem.js';
import { route, type Services } from '../route.js';
import { actionSchema, outcomeSchema } from '../schemas/action.js';
import { ensemblePath } from '../schemas/common.js';

/** Performs an action, with its line in the audit. */
async function audited(
  ensemble: string,
  action: ExternalAction,
  { who, peer }: Caller,
  { source, audit }: Services,
): Promise<ExternalOutcome & { id: string }> {
  const { name, label = '', job, value = null, parameters } = action;
  const entry = {
    call: 'Act',
    who,
    peer,
    what: {
      ...{ ensemble, action: name, label, ...(job === undefined ? {} : { job }), value },
      ...auditedParameters(parameters),
    },
  };
  try {
    const found = source.find(ensemble);
    const { text, before, after } = await found.act(action, who);
    audit?.action({ ...entry, result: 'done', reason: text });
    return { id: found.id, text, before, after };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    audit?.action({ ...entry, result: problemCode(error), reason });
    throw error;
  }
}

export const actions = [
  route({
    method: 'post',
    url: '/ensembles/{ensemble}/actions',
    operation: 'act',
    summary: 'Requests an action, and answers when it is done.',
    acts: true,
    path: ensemblePath,
    body: actionSchema,
    answer: outcomeSchema,
    handle: ({ path, body, caller }, services) => {
      const { name, label, job, value, parameters } = body;
      const action = {
        name,
        ...(label === undefined ? {} : { label }),
        ...(job === undefined ? {} : { job }),
        ...(value === undefined ? {} : { value }),
        ...(parameters === undefined ? {} : { parameters }),
      };
      return audited(path.ensemble, action, caller, services);
    },
  }),
];
