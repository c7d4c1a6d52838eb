import { configFromObject, type LoadedConfig, parseConfig } from '../../src/config/load.js';
import { ConfigError, type Diagnostic } from '../../src/errors.js';

/** An ensemble of one group and one rule, to be changed by tests. */
export const HELLO = `logging:
  debug: true
jobs:
  - name: sleep
    command: sleep 10
    count: 5
rules:
  - trigger: start
    action:
      name: submit
      label: sleep
`;

/** Everything that is said about a configuration: what it is refused for, or what it is warned of. */
export function diagnose(input: unknown, file: string | null = null): readonly Diagnostic[] {
  try {
    return read(input, file).warnings;
  } catch (error) {
    if (error instanceof ConfigError) return error.diagnostics;
    throw error;
  }
}

/** The paths of the errors, and those of the warnings with a `?`. */
export function pathsOf(input: unknown): string[] {
  return diagnose(input).map(({ severity, path }) => (severity === 'error' ? path : `${path}?`));
}

/** The only diagnostic of a configuration, as `line:column path message`. */
export function single(input: unknown): string {
  const all = diagnose(input);
  if (all.length !== 1) throw new Error(`${all.length} diagnostics: ${JSON.stringify(all, null, 2)}`);
  const [only] = all;
  return `${only?.line}:${only?.column} ${only?.path} ${only?.message}`;
}

export function read(input: unknown, file: string | null = null): LoadedConfig {
  return typeof input === 'string' ? parseConfig(input, { file }) : configFromObject(input);
}

/** An ensemble with the groups `sleep` and `echo`, these rules, and further rules that submit the groups. */
export function withRules(...rules: unknown[]) {
  const submit = (label: string) => ({ trigger: 'start', action: { name: 'submit', label } });
  return {
    jobs: [
      { name: 'sleep', command: 'sleep 1' },
      { name: 'echo', command: 'echo hello' },
    ],
    rules: rules.length === 0 ? [] : [...rules, submit('sleep'), submit('echo')],
  };
}

/** An ensemble of this job and of a rule that submits it. */
export function withJob(job: object) {
  return {
    jobs: [{ name: 'a', command: 'true', ...job }],
    rules: [{ trigger: 'start', action: { name: 'submit', label: 'a' } }],
  };
}
