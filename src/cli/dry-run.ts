/** `ensemble run --dry-run`: prints the action of each rule, and its jobspecs, without running anything. */

import { fillIn } from '../actions/submit/fill-in.js';
import { portionsOf } from '../actions/submit/portions.js';
import { eachRow } from '../actions/submit/select-jobs.js';
import { describeDue } from '../language/rule-text.js';
import { compileJobspec } from '../members/jobspec.js';
import type { EnsembleConfig, JobEntry } from '../model/ensemble.js';
import { escapeControls } from '../text/describe.js';
import { plannedAction } from './planned-action.js';

/**
 * Returns the JSON of the jobspec of an entry's jobs as Flux receives it, without the environment and the run's id.
 */
function jobspecOf(entry: JobEntry): string {
  const { head, tail } = compileJobspec(entry, { ensemble: null, environment: null, alwaysNodes: true });
  // Without the firing's part of the origin, and the comma before it.
  return head.slice(0, -1) + tail;
}

/** Jobspecs of a group that are printed; those of its other rows stand in one line without them. */
const MAX_JOBSPECS = 1000;

/** Prints the plan of an ensemble, as text or as JSON lines. */
export function printPlan(config: EnsembleConfig, json: boolean): void {
  const print = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);
  for (const [index, rule] of config.rules.entries()) {
    const due = describeDue(rule);
    const text = plannedAction(rule, config);
    const resolved = rule.resolve === null ? null : plannedAction(rule, config, rule.resolve);
    const { repetitions, backoff } = rule.action;
    if (json) {
      print({
        type: 'rule',
        rule: index,
        algorithm: rule.algorithm,
        due,
        action: rule.action.name,
        text,
        repetitions,
        backoff,
        ...(rule.resolve === null ? {} : { resolve: { action: rule.resolve.name, text: resolved } }),
      });
    } else {
      const from = rule.algorithm === null ? '' : ` (${escapeControls(rule.algorithm)})`;
      const times = repetitions === 1 ? '' : `, ${repetitions} times`;
      process.stdout.write(
        ` => trigger ${escapeControls(due)}${from}${times}\n   would ${text.replaceAll('\n', '\n   ')}\n`,
      );
      if (resolved !== null) {
        const indented = resolved.replaceAll('\n', '\n   ');
        process.stdout.write(`   when it does not hold any more, would ${indented}\n`);
      }
    }
  }
  if (!json) return;
  for (const group of config.groups.values()) {
    const { name } = group;
    let left = MAX_JOBSPECS;
    for (const { entry, count } of eachRow(portionsOf(group, null))) {
      if (left-- === 0) {
        print({ type: 'jobspec', group: name, count: null, jobspec: null });
        break;
      }
      const line = JSON.stringify({ type: 'jobspec', group: name, count });
      // Inserted as text, because parsing would round numbers beyond JavaScript's precision.
      process.stdout.write(`${line.slice(0, -1)},"jobspec":${jobspecOf(asKnown(entry))}}\n`);
    }
  }
}

/** A job with the values of its parameters, unless tags need a rule that has fired. */
function asKnown(entry: JobEntry): JobEntry {
  const names = [...(entry.draft?.names ?? [])];
  const isKnown = names.every((name) => name === 'group' || Object.hasOwn(entry.parameters, name));
  return entry.late && isKnown ? fillIn(entry, entry.parameters, 0, () => '') : entry;
}
