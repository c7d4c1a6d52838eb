/** `ensemble validate FILE`: reports all faults of a file. */

import { Command } from 'commander';
import { checkRows } from '../config/check-rows.js';
import { loadConfig } from '../config/load.js';
import { formatDiagnostics } from '../config/source/format.js';
import { ConfigError, type EnsembleError } from '../errors.js';
import { loadReaders } from '../measure/load.js';
import { Measurer } from '../measure/measurer.js';
import { counted } from '../text/counted.js';
import { escapeLines } from '../text/describe.js';
import { loadCustomFunctions } from '../usercode/load.js';
import { exitStatus } from './exit-status.js';
import { complain, printError } from './output.js';

async function validate(path: string): Promise<number> {
  try {
    const { config, warnings } = await loadConfig(path);
    const listener = {
      output: (line: string) => printError(escapeLines(line)),
      problem: (error: EnsembleError) => complain(error.message, 'warning'),
    };
    // Loading the user's functions runs the top level of their code, which is needed to find its errors.
    const { close } = await loadCustomFunctions(config, listener);
    await close();
    const measurer = new Measurer(listener);
    await loadReaders(config, measurer).finally(() => measurer.close());
    if (warnings.length > 0) console.log(formatDiagnostics(warnings));
    const { rows, faults, count } = checkRows(config);
    if (count > 0) {
      console.log(formatDiagnostics(faults));
      if (count > faults.length) console.log(`... and ${count - faults.length} more`);
      return exitStatus.badInput;
    }
    const parts = [counted(config.groups.size, 'job group'), counted(config.rules.length, 'rule')];
    // Only rows that are made later are counted.
    if (rows > 0) parts.push(counted(rows, 'row'));
    console.log(`${path}: valid (${parts.join(', ')})`);
    return exitStatus.done;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    console.log(formatDiagnostics(error.diagnostics));
    return exitStatus.badInput;
  }
}

export function validateCommand(): Command {
  return new Command('validate')
    .description('check an ensemble file and print all of its faults')
    .argument('<file>', 'the ensemble, in YAML')
    .action(async (path: string) => {
      process.exitCode = await validate(path);
    });
}
