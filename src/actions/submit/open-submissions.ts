/** Submissions under way, which the cancellation of their group ends. */

interface Open {
  ended: boolean;
  settled: Promise<unknown>;
}

export class OpenSubmissions {
  readonly #open = new Map<string, Set<Open>>();

  /** Counts work that submits jobs of a group as open until it has settled. The work asks whether it is to end. */
  async during<T>(group: string, work: (ended: () => boolean) => Promise<T>): Promise<T> {
    const all = this.#open.get(group) ?? new Set<Open>();
    this.#open.set(group, all);
    const open: Open = { ended: false, settled: Promise.resolve() };
    all.add(open);
    const working = work(() => open.ended);
    open.settled = working.catch(() => {});
    try {
      return await working;
    } finally {
      all.delete(open);
    }
  }

  /** Ends the submissions of a group after the jobs that are on their way. The promise resolves when they have ended. */
  end(group: string): Promise<unknown> {
    const all = [...(this.#open.get(group) ?? [])];
    for (const open of all) open.ended = true;
    return Promise.all(all.map(({ settled }) => settled));
  }
}
