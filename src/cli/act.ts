/** `ensemble act NAME ACTION [GROUP]`. */

import { existsSync } from 'node:fs';
import { Argument, Command, InvalidArgumentError } from 'commander';
import { pathOf } from '../api/client/client.js';
import type { OutcomeResource } from '../api/schemas/action.js';
import { EnsembleError } from '../errors.js';
import { type ExternalAction, externalActionNames } from '../run/external-actions.js';
import { notedSocket } from '../store/run-socket.js';
import { listRuns, type StoredRun } from '../store/runs.js';
import { stateFolder } from '../store/state-folder.js';
import { escapeControls, quote } from '../text/describe.js';
import { answerOf } from './http-target.js';
import { clientOfRun } from './run-client.js';
import { addServiceOptions, type ServiceOptions } from './service-options.js';
import { addStateOption, type StateOption } from './state-option.js';
import { withService } from './with-service.js';

interface ActOptions extends ServiceOptions, StateOption {
  readonly value?: number;
  readonly job?: string;
  readonly parameters?: Readonly<Record<string, string>>;
  readonly json?: boolean;
}

function wholeNumber(text: string): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(value)) return value;
  throw new InvalidArgumentError('It must be a whole number.');
}

/** `NAME=VALUE`, after those that were given before. */
function parameter(
  text: string,
  before: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const at = text.indexOf('=');
  const name = text.slice(0, at);
  if (at < 1) throw new InvalidArgumentError('It must be NAME=VALUE.');
  if (Object.hasOwn(before, name)) throw new InvalidArgumentError(`'${name}' is given twice.`);
  return { ...before, [name]: text.slice(at + 1) };
}

/** The run of this user that has this id or name, goes on and can be reached. Throws EnsembleError `ERR_RUN`. */
function ownRun(wanted: string, { state }: ActOptions): StoredRun {
  const found = listRuns(stateFolder(state)).runs.filter(
    (run) =>
      run.state === 'running' &&
      [run.manifest.id, run.manifest.name, run.manifest.ensemble].includes(wanted) &&
      notedSocket(run.path) !== null,
  );
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  const ids = found.map(({ manifest }) => manifest.id).join(', ');
  if (ids !== '') {
    throw new EnsembleError(
      'ERR_RUN',
      `${found.length} runs are called ${quote(wanted)}; name one by its id: ${ids}`,
    );
  }
  const hint = '`ensemble runs` and `ensemble ls` list the runs';
  throw new EnsembleError('ERR_RUN', `no run that goes on is called ${quote(wanted)}; ${hint}`);
}

/** Whether a service is asked: one that is named, or that of this user where it knows the run. */
async function isOfService(wanted: string, options: ActOptions): Promise<boolean> {
  if (options.service !== undefined || process.env.ENSEMBLE_SERVICE) return true;
  const { defaultAddress } = await import('../service/address.js');
  const address = defaultAddress();
  if (address.kind !== 'unix' || !existsSync(address.path)) return false;
  let isKnown = false;
  try {
    await withService(options, async (client) => {
      const all = await client.list();
      isKnown = all.some(({ run }) => run !== null && [run.id, run.name].includes(wanted));
    });
  } catch (error) {
    // The socket of a service that was killed stays.
    if (!(error instanceof EnsembleError) || error.code !== 'ERR_SERVICE_UNREACHABLE') throw error;
  }
  return isKnown;
}

async function act(wanted: string, action: ExternalAction, options: ActOptions): Promise<void> {
  const { json } = options;
  const report = ({ id, text }: { readonly id: string; readonly text: string }) =>
    console.log(json ? JSON.stringify({ id, text }) : `${escapeControls(id)}: ${escapeControls(text)}`);
  // A service does not pass on the name of a job.
  if (action.job === undefined && (await isOfService(wanted, options))) {
    await withService(options, async (client) => report(await client.act(wanted, action)));
    return;
  }
  const run = ownRun(wanted, options);
  const path = pathOf(run.manifest.ensemble, 'actions');
  report(await answerOf(clientOfRun(run).post<OutcomeResource>(path, action)));
}

export function actCommand(): Command {
  const command = new Command('act')
    .description('perform an action in a run of this user or of a service; waits for its end')
    .argument('<ensemble>', 'its name or id')
    .addArgument(new Argument('<action>', 'what to do').choices(externalActionNames))
    .argument('[group]', 'for submit, cancel and urgency')
    .option('--job <id>', 'for cancel and urgency: one active job instead of a group')
    .option('--value <n>', 'number of jobs or slots, or the urgency', wholeNumber)
    .option(
      '--parameters <name=value>',
      "for submit: in place of the group's own; repeat it for each",
      parameter,
    )
    .option('--json', 'print a JSON object');
  return addServiceOptions(addStateOption(command)).action(
    (ensemble: string, name: ExternalAction['name'], label: string | undefined, options: ActOptions) => {
      const { value, job, parameters } = options;
      const action = {
        name,
        ...(label === undefined ? {} : { label }),
        ...(job === undefined ? {} : { job }),
        ...(value === undefined ? {} : { value }),
        ...(parameters === undefined ? {} : { parameters }),
      };
      return act(ensemble, action, options);
    },
  );
}
