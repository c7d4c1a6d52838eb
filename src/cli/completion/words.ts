/** The words that complete a command line: the commands, options and values of a program of commander. */

import type { Argument, Command, Option } from 'commander';

/** A word and its description. */
export interface Word {
  readonly word: string;
  readonly description: string;
}

/** The values that an option or an argument takes. */
export type Values =
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'files' | 'folders' | 'runs' | 'ensembles' }
  /** Nothing that could be completed. */
  | { readonly kind: 'other' };

export interface OptionWords {
  /** `--help`, or also `-h`. */
  readonly flags: readonly string[];
  readonly description: string;
  /** Null for an option without a value. */
  readonly value: { readonly values: Values; readonly optional: boolean } | null;
}

/** A command or subcommand. */
export interface CommandWords {
  /** Its words after the program's name, joined by spaces: `runs prune`; empty for the program itself. */
  readonly path: string;
  readonly subcommands: readonly Word[];
  readonly options: readonly OptionWords[];
  /** The values of its arguments, by their places. */
  readonly arguments: readonly Values[];
  /** The last argument may be repeated. */
  readonly repeats: boolean;
}

/** The names of placeholders in the help, as `<file>`, whose values can be completed. */
const KINDS: Readonly<Record<string, Exclude<Values['kind'], 'words' | 'other'>>> = {
  file: 'files',
  files: 'files',
  config: 'files',
  recording: 'files',
  path: 'files',
  folder: 'folders',
  run: 'runs',
  runs: 'runs',
  'run-or-job': 'runs',
  'run-or-sql': 'runs',
  'run-or-item': 'runs',
  ensemble: 'ensembles',
  ensembles: 'ensembles',
};

function valuesOf(placeholder: string, choices: readonly string[] | undefined): Values {
  if (choices !== undefined) return { kind: 'words', words: choices };
  return { kind: KINDS[placeholder] ?? 'other' };
}

function optionWords({
  short,
  long,
  flags,
  description,
  argChoices,
  required,
  optional,
}: Option): OptionWords {
  const [, placeholder = ''] = /[<[]([\w-]+)/.exec(flags) ?? [];
  return {
    flags: [short, long].filter((flag) => flag !== undefined),
    description,
    value: required || optional ? { values: valuesOf(placeholder, argChoices), optional } : null,
  };
}

const argumentValues = (argument: Argument) => valuesOf(argument.name(), argument.argChoices);

function helpWords(path: string, commands: readonly Command[]): CommandWords {
  const words = commands.map((command) => command.name());
  return { path, subcommands: [], options: [], arguments: [{ kind: 'words', words }], repeats: false };
}

/** Returns the words of a program: of itself first, then of its commands. Hidden commands and options are left out. */
export function wordsOf(program: Command, path = ''): CommandWords[] {
  const help = program.createHelp();
  const visible = help.visibleCommands(program);
  const own: CommandWords = {
    path,
    subcommands: visible.map((command) => ({
      word: command.name(),
      description: help.subcommandDescription(command),
    })),
    options: help.visibleOptions(program).map(optionWords),
    arguments: program.registeredArguments.map(argumentValues),
    repeats: program.registeredArguments.at(-1)?.variadic ?? false,
  };
  return [
    own,
    ...visible.flatMap((command) => {
      const below = `${path} ${command.name()}`.trim();
      // Commander makes the command `help`, whose argument is another command.
      return program.commands.includes(command) ? wordsOf(command, below) : [helpWords(below, visible)];
    }),
  ];
}
