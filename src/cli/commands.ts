/** The commands of `ensemble`. Only the requested one is loaded, because each opens many files. */

import { Command } from 'commander';
import { packageVersion } from '../text/package-version.js';
import { runProgram } from './program.js';
import { standardOutput } from './streams.js';

const commands = new Map<string, () => Promise<Command>>(
  Object.entries({
    init: async () => (await import('./init.js')).initCommand(),
    run: async () => (await import('./run.js')).runCommand(),
    resume: async () => (await import('./resume.js')).resumeCommand(),
    validate: async () => (await import('./validate.js')).validateCommand(),
    measure: async () => (await import('./measure.js')).measureCommand(),
    test: async () => (await import('./test.js')).testCommand(),
    graph: async () => (await import('./graph.js')).graphCommand(),
    record: async () => (await import('./record.js')).recordCommand(),
    replay: async () => (await import('./replay.js')).replayCommand(),
    synth: async () => (await import('./synth.js')).synthCommand(),
    stats: async () => (await import('./stats.js')).statsCommand(),
    runs: async () => (await import('./runs.js')).runsCommand(),
    top: async () => (await import('./top.js')).topCommand(),
    jobs: async () => (await import('./jobs.js')).jobsCommand(),
    blame: async () => (await import('./blame.js')).blameCommand(),
    report: async () => (await import('./report.js')).reportCommand(),
    why: async () => (await import('./why.js')).whyCommand(),
    logs: async () => (await import('./logs.js')).logsCommand(),
    sql: async () => (await import('./sql.js')).sqlCommand(),
    notify: async () => (await import('./notify.js')).notifyCommand(),
    ls: async () => (await import('./ls.js')).lsCommand(),
    status: async () => (await import('./status.js')).statusCommand(),
    watch: async () => (await import('./watch.js')).watchCommand(),
    act: async () => (await import('./act.js')).actCommand(),
    tell: async () => (await import('./tell.js')).tellCommand(),
    doctor: async () => (await import('./doctor.js')).doctorCommand(),
    completion: async () => (await import('./completion.js')).completionCommand(everything),
    version: async () =>
      new Command('version')
        .description('print the version')
        .action(() => standardOutput.write(`${packageVersion()}\n`)),
  }),
);

async function programOf(wanted: Iterable<() => Promise<Command>>): Promise<Command> {
  const program = new Command('ensemble')
    .description('Run and steer ensembles of jobs by rules over their events and statistics.')
    .version(packageVersion(), '--version', 'print the version');
  for (const load of wanted) program.addCommand(await load());
  return program;
}

/** Resolves with `ensemble` and all of its commands. */
function everything(): Promise<Command> {
  return programOf(commands.values());
}

/** Runs `ensemble` with the arguments of the process. */
export async function runEnsemble(): Promise<void> {
  const asked = commands.get(process.argv[2] ?? '');
  // The help, and suggestions for a misspelled name, need all commands.
  await runProgram(await (asked === undefined ? everything() : programOf([asked])));
}
