#!/usr/bin/env node
/** The command `ensemble`. */

import { Command } from 'commander';
import { actCommand } from './act.js';
import { graphCommand } from './graph.js';
import { lsCommand } from './ls.js';
import { packageVersion } from './package-version.js';
import { runProgram } from './program.js';
import { recordCommand } from './record.js';
import { replayCommand } from './replay.js';
import { runCommand } from './run.js';
import { statsCommand } from './stats.js';
import { statusCommand } from './status.js';
import { synthCommand } from './synth.js';
import { testCommand } from './test.js';
import { validateCommand } from './validate.js';
import { watchCommand } from './watch.js';

const program = new Command('ensemble')
  .description('Run and steer ensembles of jobs by rules over their events and statistics.')
  .version(packageVersion(), '--version', 'print the version')
  .addCommand(runCommand())
  .addCommand(validateCommand())
  .addCommand(testCommand())
  .addCommand(graphCommand())
  .addCommand(recordCommand())
  .addCommand(replayCommand())
  .addCommand(synthCommand())
  .addCommand(statsCommand())
  .addCommand(lsCommand())
  .addCommand(statusCommand())
  .addCommand(watchCommand())
  .addCommand(actCommand());

program
  .command('version')
  .description('print the version')
  .action(() => console.log(packageVersion()));

await runProgram(program);
