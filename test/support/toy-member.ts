/** The member of examples/member, which imports the package as it is built. */

import { join } from 'node:path';
import type { Member } from '../../src/index.js';
import { root } from './cli.js';

const { ToyMember } = (await import(join(root, 'examples/member/toy-member.mjs'))) as {
  readonly ToyMember: new (options: { readonly slots: number }) => Member;
};

export const newToyMember = (slots: number) => new ToyMember({ slots });
