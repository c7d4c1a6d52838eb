/** A job as plugins see it. It is used in the plugin's process. */

import { resolve } from 'node:path';
import { fillText } from '../language/template.js';
import { findFile } from '../members/find-file.js';
import type { JobFacts } from '../model/job-facts.js';
import type { PluginJob } from './define.js';

/** The job that the facts are of. `tried` notes which names of files there could be, by the one that was given. */
export function pluginJob(facts: JobFacts, tried: Map<string, readonly string[]>): PluginJob {
  const { id, group, parameters, workdir, values } = facts;
  const find = (template: string) => {
    const { path, names } = findFile(resolve(workdir, template), facts);
    tried.set(path, names);
    return path;
  };
  return {
    id,
    group,
    parameters,
    workdir,
    // Looked for when they are asked for: a job that has just begun may not have written yet.
    get output() {
      return facts.output === null ? null : find(facts.output);
    },
    get error() {
      return facts.error === null ? null : find(facts.error);
    },
    path: (template) => find(fillText(template, (name) => values[name] ?? `{{${name}}}`)),
  };
}
