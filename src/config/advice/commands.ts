/** Advice on commands that contain shell syntax. */

import { kindNamed } from '../../actions/catalog.js';
import type { Path } from '../../text/path.js';
import type { ResolveContext } from '../resolve/context.js';
import { shellSyntaxIn } from './shell-syntax.js';

/** Warns about commands of jobs and of actions that only a shell would interpret. */
export function adviseOnCommands(context: ResolveContext): void {
  const { jobs, rules } = context.shape.config;
  for (const [index, job] of (jobs ?? []).entries()) {
    adviseOn(context, job?.command, ['jobs', index, 'command']);
    for (const key of ['workdir', 'output', 'error'] as const)
      adviseOnPath(context, job?.[key], ['jobs', index, key]);
  }
  for (const [index, rule] of (rules ?? []).entries()) {
    const { action } = rule ?? {};
    if (action?.name === undefined) continue;
    for (const [key, { holds }] of Object.entries(kindNamed(action.name).keys)) {
      if (holds === 'command') adviseOn(context, action[key], ['rules', index, 'action', key]);
    }
  }
}

function adviseOn({ source, problems }: ResolveContext, command: unknown, path: Path): void {
  if (typeof command !== 'string') return;
  const found = shellSyntaxIn(command);
  if (found === null) return;
  const place = source.placeInText(path, command, found.at) ?? source.place(path, 'value');
  problems.add('warning', path, found.message, place);
}

function adviseOnPath({ problems }: ResolveContext, text: unknown, path: Path): void {
  const [found] = (typeof text === 'string' && /^~(?=\/|\w|$)|\$(?:[A-Za-z_]\w*|\{\w+\})/.exec(text)) || [];
  if (found === undefined) return;
  problems.warning(
    path,
    `paths are not expanded by a shell, so '${found}' is taken literally; write the full path`,
  );
}
