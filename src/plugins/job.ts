/** A job as plugins see it, in the plugin's process. */

import { resolve } from 'node:path';
import { fillText } from '../language/template.js';
import { findFile } from '../members/find-file.js';
import type { JobFacts } from '../model/job-facts.js';
import type { PluginJob } from './define.js';

/** Returns the job with these facts. `tried` collects the names of a file that were searched, by the chosen one. */
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
    // Searched on access, because a job that has just started may not have written yet.
    get output() {
      return facts.output === null ? null : find(facts.output);
    },
    get error() {
      return facts.error === null ? null : find(facts.error);
    },
    path: (template) => find(fillText(template, (name) => values[name] ?? `{{${name}}}`)),
  };
}
