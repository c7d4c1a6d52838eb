/** The caller itself. */

import { route } from '../route.js';
import { callerSchema } from '../schemas/caller.js';

export const caller = [
  route({
    method: 'get',
    url: '/caller',
    operation: 'getCaller',
    summary: 'The name and the role of the caller.',
    answer: callerSchema,
    handle: ({ caller: { who, role } }) => ({ who, role }),
  }),
];
