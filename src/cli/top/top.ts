/** The full-screen view of a run: takes keys, requests what is on the screen, and draws it. */

import { pathOf } from '../../api/client/client.js';
import type { OutcomeResource } from '../../api/schemas/action.js';
import { counted } from '../../text/counted.js';
import type { Colors } from '../tables.js';
import { type Frame, frameOf, listOf, type Size } from './frame.js';
import type { OutputReader } from './jobs-reader.js';
import { shownGroups } from './list-views.js';
import { isOver, type JobsWindow, type ShownJob, type ShownOutput, type TopModel } from './model.js';
import type { Connected, RunSource } from './run-source.js';
import { initialState, type JobScreen, VIEWS, type ViewState } from './view-state.js';

/** Milliseconds between two requests for jobs or an output that may have changed; longer where an answer takes long. */
const REFRESH = 1000;
const REFRESH_COST = 10;
/** Milliseconds for which a message is shown. */
const MESSAGE_TIME = 6000;
/** Results that the key `f` goes through. */
const RESULT_FILTERS = ['failed', 'active', ''];

export interface TopOptions {
  readonly source: RunSource;
  readonly colors: Colors;
  size(): Size;
  paint(lines: readonly string[]): void;
  /** The user quits. */
  quit(): void;
}

export class Top {
  readonly #options: TopOptions;
  readonly #state: ViewState = initialState();
  readonly #ticker: NodeJS.Timeout;
  #jobs: JobsWindow | null = null;
  #job: ShownJob | null = null;
  #output: ShownOutput | null = null;
  #outputReader: OutputReader | null = null;
  /** The parts that were read, so that others are read again after a change of the process. */
  #readFrom: Connected | null = null;
  #listHeight = 1;
  #isReading = false;
  #readAgain = false;
  #nextRead = 0;
  #messageTimer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: TopOptions) {
    this.#options = options;
    options.source.subscribe(() => this.draw());
    // Times go on, and outputs have no events.
    this.#ticker = setInterval(() => this.draw(), REFRESH);
  }

  /** Answers that come later are not drawn. The caller closes the source. */
  close(): void {
    this.#closed = true;
    clearInterval(this.#ticker);
    clearTimeout(this.#messageTimer);
  }

  get #current(): Connected {
    return this.#options.source.current;
  }

  draw(): void {
    if (this.#closed) return;
    const { run } = this.#current;
    const model: TopModel = {
      ...{ run, jobs: this.#jobs, job: this.#job, output: this.#output },
      now: Date.now() / 1000,
    };
    const frame: Frame = frameOf(this.#state, model, this.#options.size(), this.#options.colors);
    this.#listHeight = frame.listHeight;
    this.#options.paint(frame.lines);
    void this.#readIfDue();
  }

  key(key: string): void {
    const state = this.#state;
    state.message = null;
    if (key === 'ctrl-c') this.#options.quit();
    else if (state.question !== null) this.#answer(key);
    else if (state.typed !== null) this.#type(key);
    else if (state.help) state.help = false;
    else if (key === 'q') this.#options.quit();
    else if (key === '?') state.help = true;
    else if (key === 'p') this.#pause();
    else if (key === 'c') this.#cancel();
    else if (state.screen !== null) this.#onScreen(key, state.screen);
    else this.#onView(key);
    this.draw();
  }

  #answer(key: string): void {
    const { question } = this.#state;
    this.#state.question = null;
    if (key === 'y' || key === 'Y') question?.yes();
  }

  #type(key: string): void {
    const state = this.#state;
    const typed = state.typed ?? '';
    if (key === 'esc') state.typed = null;
    else if (key === 'backspace') state.typed = typed === '' ? null : [...typed].slice(0, -1).join('');
    else if (key === 'ctrl-u') state.typed = '';
    else if ([...key].length === 1) state.typed = typed + key;
    else if (key === 'enter') {
      state.typed = null;
      this.#filter(typed.trim());
    }
  }

  #filter(filter: string): void {
    const place = this.#state.lists[this.#state.view];
    Object.assign(place, { filter, selected: 0, first: 0 });
    if (this.#state.view === 'jobs') this.#forgetJobs();
  }

  #forgetJobs(): void {
    this.#jobs = null;
    this.#readSoon();
  }

  #onView(key: string): void {
    const state = this.#state;
    const place = state.lists[state.view];
    const index = VIEWS.indexOf(state.view);
    const view = /^[1-5]$/.test(key)
      ? VIEWS[Number(key) - 1]
      : { tab: VIEWS[(index + 1) % VIEWS.length], backtab: VIEWS.at(index - 1) }[key];
    if (view !== undefined) {
      state.view = view;
      if (view === 'jobs') this.#readSoon();
      return;
    }
    const step = this.#stepOf(key);
    if (step !== null) {
      place.selected = Math.max(0, Math.min(this.#count - 1, place.selected + step));
      if (state.view === 'jobs') this.#readSoon();
    } else if (key === '/') state.typed = place.filter;
    else if (key === 'esc') this.#filter('');
    else if (state.view === 'groups' && key === 'enter') this.#showGroup();
    else if (state.view === 'jobs') this.#onJobs(key);
  }

  #stepOf(key: string): number | null {
    const page = Math.max(1, this.#listHeight - 1);
    const steps: Readonly<Record<string, number>> = {
      ...{ up: -1, k: -1, down: 1, j: 1, pgup: -page, pgdn: page, ' ': page },
      ...{ home: -1e9, g: -1e9, end: 1e9, G: 1e9 },
    };
    return steps[key] ?? null;
  }

  /** Items of the list of the view. */
  get #count(): number {
    const { view, lists } = this.#state;
    const { filter } = lists[view];
    const look = { width: 1, colors: this.#options.colors, now: 0, filter };
    return listOf(view, this.#current.run, look)?.count ?? this.#jobs?.matching ?? 0;
  }

  #onJobs(key: string): void {
    const { lists } = this.#state;
    if (key === 'f') {
      const words = lists.jobs.filter.split(' ').filter((word) => word !== '');
      const at = RESULT_FILTERS.indexOf(words.find((word) => RESULT_FILTERS.includes(word)) ?? '');
      const next = RESULT_FILTERS[(at + 1) % RESULT_FILTERS.length] ?? '';
      const others = words.filter((word) => !RESULT_FILTERS.includes(word));
      // Groups and results are at the beginning of a filter.
      this.#filter([next, ...others].filter((word) => word !== '').join(' '));
    } else if (key === 's') {
      this.#state.newestFirst = !this.#state.newestFirst;
      this.#filter(lists.jobs.filter);
    } else if (key === 'enter' || key === 'o' || key === 'e') {
      const job = this.#selectedJob;
      if (job !== null)
        this.#openScreen(job, key === 'enter' ? 'job' : 'output', key === 'e' ? 'error' : 'output');
    }
  }

  get #selectedJob(): string | null {
    const { lists } = this.#state;
    const id = this.#jobs?.rows[lists.jobs.selected - this.#jobs.from]?.id;
    return typeof id === 'string' ? id : null;
  }

  #showGroup(): void {
    const { lists } = this.#state;
    const group = shownGroups(this.#current.run, lists.groups.filter)[lists.groups.selected];
    if (group === undefined) return;
    this.#state.view = 'jobs';
    this.#filter(group.name);
  }

  #openScreen(job: string, kind: JobScreen['kind'], stream: JobScreen['stream']): void {
    this.#state.screen = { job, kind, stream, back: 0 };
    this.#job = null;
    this.#output = null;
    this.#outputReader = null;
    this.#readSoon();
  }

  #onScreen(key: string, screen: JobScreen): void {
    const step = this.#stepOf(key);
    if (step !== null) {
      // An output is shown from its end, facts from their beginning.
      screen.back = Math.max(0, screen.back + (screen.kind === 'output' ? -step : step));
    } else if (key === 'esc' || key === 'left' || key === 'backspace') {
      if (screen.kind === 'output' && this.#job !== null) this.#openScreen(screen.job, 'job', 'output');
      else this.#state.screen = null;
    } else if (key === 'o' || (key === 'enter' && screen.kind === 'job')) {
      this.#showOutput(screen.job, 'output');
    } else if (key === 'e') {
      this.#showOutput(
        screen.job,
        screen.kind === 'output' && screen.stream === 'error' ? 'output' : 'error',
      );
    }
  }

  #showOutput(job: string, stream: JobScreen['stream']): void {
    const before = this.#job;
    this.#openScreen(job, 'output', stream);
    // Esc leads back to the facts.
    this.#job = before;
  }

  #say(text: string, isError = false): void {
    if (this.#closed) return;
    this.#state.message = { text, isError };
    clearTimeout(this.#messageTimer);
    this.#messageTimer = setTimeout(() => {
      this.#state.message = null;
      this.draw();
    }, MESSAGE_TIME);
  }

  #pause(): void {
    if (this.#refuseAtEnd()) return;
    const paused = this.#current.run.ensemble?.paused === true;
    void this.#act({ name: paused ? 'resume' : 'pause' });
  }

  #refuseAtEnd(): boolean {
    const refused = isOver(this.#current.run);
    if (refused) this.#say('the run has ended', true);
    return refused;
  }

  #cancel(): void {
    if (this.#refuseAtEnd()) return;
    const { view, screen, lists } = this.#state;
    const job = screen?.job ?? (view === 'jobs' ? this.#selectedJob : null);
    if (job !== null) {
      this.#ask(`cancel job ${job}?`, { name: 'cancel', job });
    } else if (view !== 'groups') {
      this.#say('c cancels a job or a group: select one before');
    } else {
      const group = shownGroups(this.#current.run, lists.groups.filter)[lists.groups.selected];
      if (group === undefined) return;
      const { name, counts } = group;
      const left = counts.running + counts.pending + counts.queued;
      if (left === 0) this.#say(`${name} has no active jobs`);
      else
        this.#ask(`cancel ${counted(left, counts.queued === 0 ? 'active job' : 'job')} of ${name}?`, {
          name: 'cancel',
          label: name,
        });
    }
  }

  #ask(text: string, action: object): void {
    this.#state.question = { text, yes: () => void this.#act(action) };
  }

  async #act(action: object): Promise<void> {
    const { client, run } = this.#current;
    this.#say('asking the run');
    try {
      const { text } = await client.post<OutcomeResource>(pathOf(run.id, 'actions'), action);
      this.#say(text);
    } catch (error) {
      this.#say(error instanceof Error ? error.message : String(error), true);
    }
    this.#readSoon();
    this.draw();
  }

  #readSoon(): void {
    this.#nextRead = 0;
    this.#readAgain = true;
  }

  /** Reads what is on the screen and has no events. One request is under way at a time. */
  async #readIfDue(): Promise<void> {
    if (this.#current !== this.#readFrom) {
      this.#readFrom = this.#current;
      this.#outputReader = null;
      this.#nextRead = 0;
    }
    if (this.#isReading || performance.now() < this.#nextRead) return;
    this.#isReading = true;
    this.#readAgain = false;
    const begun = performance.now();
    let changed = false;
    try {
      changed = await this.#read();
    } finally {
      this.#isReading = false;
    }
    const now = performance.now();
    if (!this.#readAgain) this.#nextRead = now + Math.max(REFRESH, REFRESH_COST * (now - begun));
    if (changed) this.draw();
  }

  async #read(): Promise<boolean> {
    const { screen, view } = this.#state;
    const { jobs } = this.#current;
    if (screen?.kind === 'job') {
      const job = await jobs.job(screen.job);
      if (this.#state.screen !== screen) return false;
      this.#job = job;
      return true;
    }
    if (screen !== null) {
      this.#outputReader ??= jobs.output(screen.job, screen.stream);
      const reader = this.#outputReader;
      const before = this.#output?.lines.length ?? 0;
      const output = await reader.read();
      if (this.#outputReader !== reader || this.#state.screen !== screen) return false;
      this.#output = output;
      // A reader who has scrolled back stays at the same lines.
      if (screen.back > 0) screen.back += Math.max(0, output.lines.length - before);
      return true;
    }
    return view === 'jobs' && this.#readJobs();
  }

  /** The window has some rows around the screen. */
  async #readJobs(): Promise<boolean> {
    const { lists, newestFirst } = this.#state;
    const { jobs, run } = this.#current;
    const { filter, first, selected } = lists.jobs;
    const height = this.#listHeight;
    // The first row is known only after the list is drawn.
    const begin = selected < first || selected >= first + height ? selected - height : first - height;
    const from = Math.max(0, begin);
    const count = Math.min(1000, 3 * height);
    const window = await jobs.window({ filter, newestFirst, from, count }, [...run.groups.keys()]);
    const now = this.#state;
    if (now.lists.jobs.filter !== filter || now.newestFirst !== newestFirst) return true;
    this.#jobs = window;
    return true;
  }
}
