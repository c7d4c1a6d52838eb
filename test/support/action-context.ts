import type { ActionContext } from '../../src/actions/context.js';
import { Prunings } from '../../src/actions/prune/pruning.js';
import { DoneJobs } from '../../src/actions/submit/done-jobs.js';
import { OpenSubmissions } from '../../src/actions/submit/open-submissions.js';
import type { KnownJobs, SubmitReport } from '../../src/engine/addon.js';
import type { EnsembleError } from '../../src/errors.js';
import type { Action } from '../../src/model/action.js';
import type { EnsembleConfig, JobTemplate, Rule } from '../../src/model/ensemble.js';
import type { Firing } from '../../src/model/firing.js';
import type { MetricsSnapshot } from '../../src/model/metrics.js';
import { externalFiring } from '../../src/run/external-actions.js';
import { readFollowUps } from '../../src/run/follow-up.js';
import { LostUrgencies } from '../../src/run/lost-urgencies.js';
import { ProgressLog } from '../../src/run/progress.js';
import { read } from './config.js';

/** The jobs of one call of `submit`. */
export interface Submission {
  readonly template: JobTemplate;
  readonly count: number;
  readonly origin: object;
}

/** The parts of a context that a test makes in full. The others have only what actions call. */
type TypedParts = Pick<
  ActionContext,
  'observer' | 'customs' | 'readAnswer' | 'addRule' | 'goTo' | 'terminate'
>;

/** A log of a run whose notes are in a list: text, and the number of the firing. `done` is a note too. */
export class LogOfTest {
  logs = true;
  readonly notes: (readonly [text: string, firing: number | null])[] = [];
  /** The known jobs of firings. */
  readonly jobs = new Map<number, readonly KnownJobs[]>();

  async note(text: string, firing: number | null = null): Promise<void> {
    this.notes.push([text, firing]);
  }

  async done(firing: number): Promise<void> {
    this.notes.push(['done', firing]);
  }

  async knownJobs(firing: number): Promise<readonly KnownJobs[]> {
    return this.jobs.get(firing) ?? [];
  }
}

/** A context whose member and engine write down what they are asked to do. */
export class ContextOfTest {
  readonly config: EnsembleConfig;
  readonly submissions: Submission[] = [];
  /** One line for each call and each report, in their order. */
  readonly log: string[] = [];
  readonly problems: EnsembleError[] = [];
  /** Answers of functions, by name. */
  readonly functions: Record<string, () => unknown> = {};
  /** Runs before the member submits jobs of a group. */
  beforeSubmit: (group: string) => Promise<void> | void = () => {};
  /** The reports of the engine's source about its submissions, by the number of the firing. */
  readonly reports = new Map<number, Promise<SubmitReport>>();
  readonly ending = new AbortController();
  readonly doneJobs = new DoneJobs();
  readonly runLog = new LogOfTest();
  readonly progress = new ProgressLog(this.runLog);
  readonly urgencies = new LostUrgencies(this.runLog);
  readonly context: ActionContext;

  /** `parts` replace parts of the context. */
  constructor(file: unknown, parts: Partial<ActionContext> = {}) {
    this.config = read(file).config;
    const { log } = this;
    const context: TypedParts & Partial<Record<Exclude<keyof ActionContext, keyof TypedParts>, unknown>> = {
      config: this.config,
      member: {
        name: 'test',
        submit: async (template: JobTemplate, count: number, origin: object) => {
          await this.beforeSubmit(template.group);
          this.submissions.push({ template, count, origin });
          log.push(`submit ${count} ${template.group}`);
          return count;
        },
        cancel: async (ids: Iterable<bigint>, note: string) => {
          log.push(`cancel ${[...ids].join(' ')} (${note})`);
          return [...ids].length;
        },
      },
      engine: {
        groups: [...this.config.groups.keys()],
        dropQueued: async () => 0,
        addUnmade: async () => {},
        activeJobs: async (group: number) => new BigUint64Array([BigInt(10 * (group + 1))]),
        metrics: async () => NO_METRICS,
        probed: async (group: number, first: number, values: readonly number[], time: number) => {
          log.push(`probed ${group} from ${first}: ${values.join(' ')} at ${time}`);
        },
        done: (firing: number) => this.runLog.done(firing),
        source: {
          submission: (number: number) => this.reports.get(number),
          submissionOfRetry: (number: number) => this.reports.get(number),
        },
      },
      observer: {
        firing: ({ name }) => log.push(`firing ${name}`),
        action: ({ kind }) => log.push(`report ${kind}`),
        problem: (error) => {
          this.problems.push(error);
          log.push(`problem ${error.message}`);
        },
        retry: (_retry, text) => log.push(`retry ${text}`),
      },
      customs: {
        call: async (name: string) => this.functions[name]?.(),
        turn: (work) => work(),
        close: async () => {},
      },
      submit: (...[template, count, origin]: Parameters<ActionContext['submit']>) =>
        this.context.member.submit(template, count, origin),
      prunings: new Prunings(),
      searches: { submit: async () => {}, stop: () => {}, prune: () => {} },
      doneJobs: async () => this.doneJobs,
      skipped: (group: string, jobs: number) => log.push(`skipped ${jobs} ${group}`),
      submissions: new OpenSubmissions(),
      paused: () => null,
      together: async (parts: readonly (() => Promise<unknown>)[]) => {
        const all = parts.map((part) => part());
        await Promise.allSettled(all);
        await Promise.all(all);
      },
      dropQueued: async () => 0,
      setQueuedUrgency: async () => 0,
      noticeHeld: async () => {},
      signal: this.ending.signal,
      readAnswer: (answer, onJob) => readFollowUps(answer, this.config, onJob),
      addRule: async ({ title }) => {
        log.push(`rule ${title}`);
      },
      goTo: async (state) => {
        log.push(`state ${state}`);
      },
      terminate: ({ kind }) => log.push(`terminate by ${kind}`),
    };
    this.context = { ...(context as unknown as ActionContext), ...parts };
  }

  rule(index: number): Rule {
    const rule = this.config.rules[index];
    if (rule === undefined) throw new RangeError(`there is no rule ${index}`);
    return rule;
  }

  /** A firing of a rule of the file. */
  firing(index: number, more: Partial<Firing> = {}): Firing {
    const rule = this.rule(index);
    return firingOf(rule.action, {
      number: 0,
      rule: index,
      name: rule.title,
      trigger: rule.triggerText,
      ...more,
    });
  }
}

/** A firing without an event. */
export function firingOf(action: Action, more: Partial<Firing> = {}): Firing {
  return { ...externalFiring(action, '', 0, 0), askedBy: null, trigger: 'start', name: 'start', ...more };
}

const NO_METRICS = {
  groups: new Map(),
  named: new Map(),
  status: { state: null },
} as unknown as MetricsSnapshot;
