import { appendFileSync } from 'node:fs';

const submit = (label, i) => ({ name: 'submit', label, parameters: { i } });

/** Appends the call to a file, with its number among the calls for one firing. */
export function called(what, { attempt }) {
  appendFileSync('calls', `${what} ${attempt}\n`);
}

/** Requests two jobs of a group. */
export function several({ event, action, firing }) {
  const { i } = event.parameters;
  called(`several ${action.value}-${i}`, firing);
  return [submit(action.value, `${i}a`), submit(action.value, `${i}b`)];
}

/** Adds a rule on the jobs of a group, and submits them. `value` is the group and that of the rule's action. */
export function added({ action, firing }) {
  const [source, group] = action.value.split(' ');
  called(`added ${group}`, firing);
  return [
    {
      trigger: 'job-success',
      name: source,
      action: { ...submit(group, '{{job.parameters.i}}'), repetitions: 1000 },
    },
    { name: 'submit', label: source },
  ];
}
