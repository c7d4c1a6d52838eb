/** The file of an ensemble. */

import { ApiProblem } from '../problem.js';
import { route } from '../route.js';
import { ensemblePath } from '../schemas/common.js';

export const file = [
  route({
    method: 'get',
    url: '/ensembles/{ensemble}/file',
    operation: 'getFile',
    summary: 'The file as it was when the run began, or was changed.',
    path: ensemblePath,
    answer: null,
    types: ['application/yaml'],
    handle: ({ path }, { source }) => {
      const text = source.find(path.ensemble).configuration();
      if (text === null)
        throw new ApiProblem('ERR_NOT_FOUND', 'the text of the file is not kept for this run');
      return new Response(text, { headers: { 'content-type': 'application/yaml; charset=utf-8' } });
    },
  }),
];
