import { called } from './functions.mjs';

/** Options that are not checked. */
const options = { '~standard': { version: 1, vendor: 'chaos', validate: (value) => ({ value }) } };

export const plugin = {
  name: 'chaos',
  actions: {
    more: {
      description: 'Requests a job of a group.',
      options,
      run({ options: { label }, job, firing }) {
        called(`more ${label}-${job.parameters.i}`, firing);
        return { name: 'submit', label, parameters: { i: `${job.parameters.i}m` } };
      },
    },
  },
  probes: {
    size: {
      description: 'The parameter i of a job.',
      options,
      values: ['size'],
      read: ({ job }) => ({ size: Number(job.parameters.i) }),
    },
  },
};
