/**
 * Kinds of rules and jobs, each added to a study after a group that it follows. A feature adds groups and rules whose
 * counts depend on the counts of that group alone.
 */

import type { Random } from './random.js';
import { ALWAYS, type Group, rows, type StudyBuilder } from './study.js';

/** Adds a feature after a group, whose jobs all succeed, and returns the group that another feature may follow. */
export type Feature = (study: StudyBuilder, parent: Group, random: Random) => Group;

/** Rows that a user's code or a tag makes are given by each submission. */
const ONE_ROW = [{ i: 'none' }];

/** The action that submits a group. */
const submit = (group: Group, more: Readonly<Record<string, unknown>> = {}) => ({
  name: 'submit',
  label: group.name,
  ...more,
});

/** A job for each success of the parent, with the parameter of the parent's job. */
const each: Feature = (study, parent) => {
  const group = study.group('each', counts(parent.successes), { parameters: ONE_ROW });
  const action = submit(group, { parameters: { i: '{{job.parameters.i}}' }, repetitions: ALWAYS });
  study.rule({ trigger: 'job-success', name: parent.name, action });
  return group;
};

const counts = (jobs: number) => ({ successes: jobs, ends: jobs });

/** A group once some of the parent's jobs have succeeded. */
const threshold: Feature = (study, parent, random) => {
  const group = study.group('threshold', {}, { parameters: rows(random.integer(1, 8)) });
  const least = random.integer(1, parent.successes);
  study.rule({ trigger: 'metric', when: `count.${parent.name}.success >= ${least}`, action: submit(group) });
  return group;
};

/** A sweep that is taken in steps: some rows first, then one for each job that ends. */
const steps: Feature = (study, parent, random) => {
  const begin = random.integer(1, 5);
  const more = random.integer(1, 12);
  const group = study.group('steps', {}, { parameters: rows(begin + more) });
  study.rule({
    trigger: 'metric',
    when: `count.${parent.name}.success >= 1`,
    action: submit(group, { value: begin }),
  });
  study.rule({
    trigger: 'job-success',
    name: group.name,
    action: submit(group, { value: 1, repetitions: more }),
  });
  return group;
};

/** A rule with a backoff: it skips due times after each firing. */
const skipping: Feature = (study, parent, random) => {
  const backoff = random.integer(1, 3);
  const firings = Math.ceil(parent.ends / (backoff + 1));
  const group = study.group('skipping', {}, { parameters: rows(firings) });
  const action = submit(group, { value: 1, repetitions: ALWAYS, backoff });
  study.rule({ trigger: 'job-finish', name: parent.name, action });
  return group;
};

/** A rule on each change of a count, for some times. */
const counted: Feature = (study, parent, random) => {
  const repetitions = random.integer(1, parent.ends);
  const group = study.group('counted', {}, { parameters: rows(repetitions) });
  study.rule({
    trigger: 'metric',
    name: `count.${parent.name}.finished`,
    when: '>= 1',
    action: submit(group, { value: 1, repetitions }),
  });
  return group;
};

/** Jobs of which some fail at each attempt, and a job for each failure. */
const retried: Feature = (study, parent, random) => {
  const times = random.integer(1, 3);
  const parameters = rows(random.integer(2, 6)).map(({ i }) => ({ i, status: i % 2 === 0 ? 3 : 0 }));
  const failing = parameters.filter(({ status }) => status !== 0).length;
  const group = study.group(
    'retried',
    { ends: parameters.length + failing * times },
    { parameters, retry: { times, backoff: { initial: '50ms', factor: 2 } } },
  );
  study.rule({ trigger: 'metric', when: `count.${parent.name}.success >= 1`, action: submit(group) });
  const failures = study.group('failures', {}, { parameters: rows(failing * (times + 1)) });
  study.rule({
    trigger: 'job-fail',
    name: group.name,
    when: 'event.status == 3',
    action: submit(failures, { value: 1, repetitions: ALWAYS }),
  });
  return failures;
};

/** A function that requests two submissions. */
const custom: Feature = (study, parent) => {
  const group = study.group('custom', counts(2 * parent.successes), { parameters: ONE_ROW });
  const action = { name: 'custom', label: 'several', value: group.name, repetitions: ALWAYS };
  study.rule({ trigger: 'job-success', name: parent.name, action });
  return group;
};

/** A program that requests a submission. */
const program: Feature = (study, parent) => {
  const group = study.group('program', counts(parent.successes), { parameters: ONE_ROW });
  const command = `./program.sh ${group.name} {{job.parameters.i}}`;
  study.rule({
    trigger: 'job-success',
    name: parent.name,
    action: { name: 'exec', command, repetitions: ALWAYS },
  });
  return group;
};

/** An action of a plugin that requests a submission. */
const plugged: Feature = (study, parent) => {
  const group = study.group('plugged', counts(parent.successes), { parameters: ONE_ROW });
  const action = { name: 'chaos.more', with: { label: group.name }, repetitions: ALWAYS };
  study.rule({ trigger: 'job-success', name: parent.name, action });
  return group;
};

/** A function that adds a rule. */
const added: Feature = (study, parent, random) => {
  const source = study.group('source', {}, { parameters: rows(random.integer(1, 6)) });
  const group = study.group('added', counts(source.successes), { parameters: ONE_ROW });
  const action = { name: 'custom', label: 'added', value: `${source.name} ${group.name}` };
  study.rule({ trigger: 'metric', when: `count.${parent.name}.success >= 1`, action });
  return group;
};

/** Measured jobs, and a rule on the measurements that has to hold for a time. */
const measured: Feature = (study, parent, random) => {
  const size = random.integer(2, 6);
  const source = study.group('measured', {}, { parameters: rows(size), probes: [{ probe: 'chaos.size' }] });
  study.rule({ trigger: 'metric', when: `count.${parent.name}.success >= 1`, action: submit(source) });
  const group = study.group('large', {}, { parameters: rows(1) });
  study.rule({
    trigger: 'metric',
    when: `max.${source.name}-size >= ${size - 1} and count.${source.name}-size == ${size}`,
    for: '150ms',
    action: submit(group),
  });
  return group;
};

/** A rule on time alone, with a cooldown that holds every other interval back. */
const interval: Feature = (study, _parent, random) => {
  const repetitions = random.integer(1, 4);
  const group = study.group('interval', {}, { parameters: rows(repetitions) });
  const cooldown = random.chance(0.5) ? { cooldown: '150ms' } : {};
  study.rule({
    trigger: 'interval',
    interval: '100ms',
    ...cooldown,
    action: submit(group, { value: 1, repetitions }),
  });
  return group;
};

/** Held jobs that a rule cancels, and a job for each of them. */
const canceled: Feature = (study, parent, random) => {
  const size = random.integer(1, 4);
  const held = study.group(
    'held',
    { successes: 0, ends: 0, canceled: size },
    { parameters: rows(size), urgency: 0 },
  );
  study.rule({ trigger: 'start', action: submit(held) });
  study.rule({
    trigger: 'metric',
    when: `count.${parent.name}.success >= ${parent.successes} and count.${held.name}.submitted >= ${size}`,
    action: { name: 'cancel', label: held.name },
  });
  const group = study.group('canceled', {}, { parameters: rows(size) });
  study.rule({
    trigger: 'job-cancel',
    name: held.name,
    action: submit(group, { value: 1, repetitions: ALWAYS }),
  });
  return group;
};

/** Held jobs that a rule releases. */
const released: Feature = (study, parent, random) => {
  const size = random.integer(1, 4);
  const group = study.group('released', {}, { parameters: rows(size), urgency: 0 });
  study.rule({ trigger: 'start', action: submit(group) });
  study.rule({
    trigger: 'metric',
    when: `count.${parent.name}.success >= ${parent.successes} and count.${group.name}.submitted >= ${size}`,
    action: { name: 'urgency', label: group.name, value: 16 },
  });
  return group;
};

/** A state that is entered when the parent's jobs have ended. */
const state: Feature = (study, parent, random) => {
  const { before, state } = study.state();
  study.rule({
    trigger: 'metric',
    when: `count.${parent.name}.success >= ${parent.successes}`,
    in: before,
    action: { goto: state },
  });
  const group = study.group('state', {}, { parameters: rows(random.integer(1, 4)) });
  study.rule({ trigger: 'state', name: state, action: submit(group) });
  return group;
};

export const features = {
  each,
  threshold,
  steps,
  skipping,
  counted,
  retried,
  custom,
  program,
  plugged,
  added,
  measured,
  interval,
  canceled,
  released,
  state,
} as const;

export type FeatureName = keyof typeof features;

export const featureNames = Object.keys(features) as FeatureName[];
