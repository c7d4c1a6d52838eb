/** The tables of completion scripts: for each place of a command line the words that are possible there. */

import { shellQuoted } from '../../text/shell.js';
import type { CommandWords, Values, Word } from './words.js';

/** The script knows a command by its words, each after a slash: `/runs/prune`; the program itself by an empty text. */
const pathOf = (path: string) => (path === '' ? '' : `/${path.replaceAll(' ', '/')}`);

/** Keys with the same result are one case of a script. */
export interface Case<Result> {
  readonly keys: readonly string[];
  readonly result: Result;
}

export interface Cases {
  /** Paths of commands with their own options. */
  readonly paths: readonly string[];
  /** Keys `PATH OPTION` of options that take the next word, whatever it is. */
  readonly required: readonly string[];
  /** The same for options that take the next word unless it begins with `-`. */
  readonly optional: readonly string[];
  /** Subcommands, by the path of their command. */
  readonly subcommands: readonly Case<readonly Word[]>[];
  /** Options, by the path of their command. */
  readonly options: readonly Case<readonly Word[]>[];
  /** Values, by `PATH OPTION` for an option, by `PATH NUMBER` for an argument, and `PATH repeated` for a repeated one. */
  readonly values: readonly Case<Values>[];
}

/** The parts of a `case` in bash and zsh, which have the same form there. */
export const pattern = (keys: readonly string[]) => keys.map(shellQuoted).join(' | ');

/** The values at each place, for the body of the function of values. `command` prints or adds them. */
export function valueCases(values: Cases['values'], command: (values: Values) => string): string {
  const each = values.map(({ keys, result }) => `    ${pattern(keys)}) ${command(result)} ;;\n`);
  return `${each.join('')}    *) return 1 ;;\n`;
}

/** The options that take the next word. */
export function takenCases({ required, optional }: Pick<Cases, 'required' | 'optional'>): string {
  const each = Object.entries({ required, optional }).filter(([, keys]) => keys.length > 0);
  return each.map(([takes, keys]) => `        ${pattern(keys)}) takes=${takes} ;;\n`).join('');
}

/** Joins keys with equal results, in the order of the first of them. */
function joined<Result>(all: readonly (readonly [key: string, result: Result])[]): Case<Result>[] {
  const cases = new Map<string, { keys: string[]; result: Result }>();
  for (const [key, result] of all) {
    const text = JSON.stringify(result);
    const known = cases.get(text);
    if (known === undefined) cases.set(text, { keys: [key], result });
    else known.keys.push(key);
  }
  return [...cases.values()];
}

/** Returns the tables for the commands of a program. */
export function casesOf(commands: readonly CommandWords[]): Cases {
  const withPaths = commands.map((command) => ({ ...command, path: pathOf(command.path) }));
  const ofOptions = withPaths.flatMap(({ path, options }) =>
    options.flatMap(({ flags, value }) =>
      value === null ? [] : flags.map((flag) => ({ key: `${path} ${flag}`, value })),
    ),
  );
  const ofArguments = withPaths.flatMap(({ path, arguments: all, repeats }) =>
    all.map(
      (values, index) =>
        [`${path} ${repeats && index === all.length - 1 ? 'repeated' : index}`, values] as const,
    ),
  );
  const keysOf = (optional: boolean) =>
    ofOptions.filter(({ value }) => value.optional === optional).map(({ key }) => key);
  return {
    paths: withPaths.map(({ path }) => path).filter((path) => path !== ''),
    required: keysOf(false),
    optional: keysOf(true),
    subcommands: joined(
      withPaths
        .filter(({ subcommands }) => subcommands.length > 0)
        .map(({ path, subcommands }) => [path, subcommands]),
    ),
    options: joined(
      withPaths.map(({ path, options }) => [
        path,
        options.flatMap(({ flags, description }) => flags.map((word) => ({ word, description }))),
      ]),
    ),
    values: joined([
      ...ofOptions.map(({ key, value }) => [key, value.values] as const),
      ...ofArguments,
    ]).filter(({ result }) => result.kind !== 'other'),
  };
}
