/** The option for the folder in which runs are kept. */

import type { Command } from 'commander';

export interface StateOption {
  readonly state?: string;
}

/** Adds the option to a command. */
export function addStateOption(command: Command): Command {
  return command.option(
    '--state <folder>',
    'folder in which runs are kept (default: $XDG_STATE_HOME/flux-ensemble, else ~/.local/state/flux-ensemble)',
  );
}
