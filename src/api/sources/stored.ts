/** A run whose process has ended, as its folder shows it. */

import { basename } from 'node:path';
import { readFiring } from '../../engine/firings.js';
import type { GroupStates } from '../../model/metrics.js';
import type { ExternalOutcome } from '../../run/external-actions.js';
import { rulesNow } from '../../run/rules-now.js';
import { type ReplayedRun, replayRun } from '../../run/why/replayed.js';
import { Fault } from '../../service/fault.js';
import { status } from '../../service/status-code.js';
import { readConfiguration } from '../../store/run-folder.js';
import type { StoredRun } from '../../store/runs.js';
import { type EnsembleState, Feed } from '../changes/feed.js';
import type { EnsembleResource } from '../schemas/ensemble.js';
import { countsOf, firingResource, groupResource, ruleResource } from './resources.js';
import type { Source, SourcedEnsemble } from './source.js';

/** How a run has ended; null for one whose process was lost. */
function endOf({ state }: StoredRun): EnsembleState['end'] {
  return state === 'lost' ? null : { end: state === 'done' ? 'idle' : state, error: '', by: '' };
}

/** Firings that are shown, the latest ones. */
const SHOWN = 200;

export class StoredEnsemble implements SourcedEnsemble {
  readonly feed = new Feed();
  readonly #run: StoredRun;

  /** Throws as `replayRun` does. */
  static async open(run: StoredRun, version: string): Promise<StoredEnsemble> {
    return new StoredEnsemble(run, await replayRun(run, null), version);
  }

  private constructor(run: StoredRun, replayed: ReplayedRun, version: string) {
    this.#run = run;
    const { snapshot, state, latest, config } = replayed;
    const { manifest, path } = run;
    const { records, events, trackedEvents, firings, decodeErrors, lostJobs, activeJobs } = snapshot.status;
    this.feed.update({
      ensemble: {
        ...{ id: manifest.ensemble, name: manifest.name, run: basename(path), member: manifest.member },
        ...{ status: run.state === 'lost' ? 'lost' : 'ended', size: manifest.options.slots, paused: false },
        ...{ state, states: [...config.states], started: manifest.started },
        counts: countsOf([...snapshot.groups.values()].map(({ count }) => count)),
        groups: snapshot.groups.size,
        totals: {
          ...{ records, events, trackedEvents, firings, decodeErrors, lostJobs, activeJobs },
          ...{ following: null, logLag: null },
        },
        end: endOf(run),
        ...{ host: manifest.host, user: '', pid: manifest.pid, version },
        file: manifest.file === '' ? null : manifest.file,
      },
      updated: manifest.ended ?? Math.max(manifest.started, latest),
      groups: [...snapshot.groups].map(([name, group]) => groupResource(name, group)),
      rules: rulesNow(replayed).map(ruleResource),
      metrics: snapshot.named,
    });
    const { firings: all, rules } = replayed;
    this.feed.firings.skip(Math.max(0, all.length - SHOWN));
    for (const native of all.slice(-SHOWN)) {
      const rule = rules[native.rule];
      if (rule == null) continue;
      this.feed.firing(firingResource(readFiring(native, rule, replayed, config.states)));
    }
    this.feed.end();
  }

  get id(): string {
    return this.#run.manifest.ensemble;
  }

  async refresh(): Promise<void> {}

  watch(): () => void {
    return () => {};
  }

  distributions(): GroupStates | null {
    return null;
  }

  async act(): Promise<ExternalOutcome> {
    const { id } = this.#run.manifest;
    throw new Fault(status.FAILED_PRECONDITION, `the process of run ${id} has ended`);
  }

  folder(): string {
    return this.#run.path;
  }

  configuration(): string | null {
    return readConfiguration(this.#run.path);
  }
}

/** One such run, as a source. */
export class StoredSource implements Source {
  readonly #ensemble: StoredEnsemble;

  constructor(ensemble: StoredEnsemble) {
    this.#ensemble = ensemble;
  }

  async list(): Promise<readonly EnsembleResource[]> {
    const { ensemble } = this.#ensemble.feed;
    return ensemble === null ? [] : [ensemble];
  }

  all(): readonly SourcedEnsemble[] {
    return [];
  }

  find(): SourcedEnsemble {
    return this.#ensemble;
  }

  close(): void {}
}
