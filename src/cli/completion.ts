/** `completion SHELL` of both programs: prints a script that completes their command lines. */

import { Argument, Command } from 'commander';
import { escapeControls } from '../text/describe.js';
import { casesOf } from './completion/cases.js';
import { type NameKind, nameKinds } from './completion/name-kinds.js';
import { type Shell, shellNames, shells } from './completion/shells.js';
import { wordsOf } from './completion/words.js';
import { print, printText } from './output.js';
import { addStateOption, type StateOption } from './state-option.js';

/** Prints names for the scripts, each with a description after a tab. */
function namesCommand(): Command {
  const command = new Command('names')
    .description('print the names of runs or ensembles, for the scripts')
    .addArgument(new Argument('<kind>', 'what to name').choices(nameKinds));
  return addStateOption(command).action(async (kind: NameKind, options: StateOption) => {
    // Few commands need what lists runs.
    const { namesFor } = await import('./completion/names.js');
    for (const [name, description] of await namesFor(kind, options)) {
      print(`${name}\t${escapeControls(description)}`);
    }
  });
}

/** `everything` resolves with the program and all of its commands. */
export function completionCommand(everything: () => Promise<Command>): Command {
  return new Command('completion')
    .description('print a script that completes commands, options, files and runs in a shell')
    .usage('[options] <shell>')
    .addArgument(new Argument('<shell>', 'the shell').choices(shellNames))
    .action(async (shell: Shell) => {
      const program = await everything();
      const name = program.name();
      printText(shells[shell](name, name.replaceAll(/\W/g, '_'), casesOf(wordsOf(program))));
    })
    .addCommand(namesCommand(), { hidden: true });
}
