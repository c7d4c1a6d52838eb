/** The caller itself. */

import { z } from 'zod';
import { ROLES } from '../../service/tokens.js';
import { component } from './common.js';

export const callerSchema = component(
  'Caller',
  'The caller of this request.',
  z.object({
    who: z.string().meta({ description: 'Its name in the audit and in firings.' }),
    role: z.enum(ROLES).meta({ description: 'A viewer may look, but not act.' }),
  }),
);
export type CallerResource = z.infer<typeof callerSchema>;
