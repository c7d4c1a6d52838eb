/**
 * Numbers of the slots that jobs hold, for their records: the lowest free ones, as in Flux. They are only names;
 * jobs are not bound to cores. The number of slots is unknown here, because a member that shrinks keeps the numbers
 * of its running jobs.
 */
export class SlotNumbers {
  /** Free numbers below `#next`, as a binary heap with the lowest first. */
  readonly #free: number[] = [];
  /** The lowest number that was never used. */
  #next = 0;

  /** Takes `count` numbers, in ascending order. */
  take(count: number): number[] {
    return Array.from({ length: count }, () => this.#takeLowest() ?? this.#next++);
  }

  giveBack(numbers: readonly number[]): void {
    for (const number of numbers) this.#giveBack(number);
  }

  #giveBack(number: number): void {
    const heap = this.#free;
    let index = heap.length;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = heap[parentIndex];
      if (parent === undefined || parent <= number) break;
      heap[index] = parent;
      index = parentIndex;
    }
    heap[index] = number;
  }

  #takeLowest(): number | undefined {
    const heap = this.#free;
    const lowest = heap[0];
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return lowest;
    let index = 0;
    while (true) {
      let child = 2 * index + 1;
      if ((heap[child + 1] ?? Infinity) < (heap[child] ?? Infinity)) child++;
      const value = heap[child];
      if (value === undefined || value >= last) break;
      heap[index] = value;
      index = child;
    }
    heap[index] = last;
    return lowest;
  }
}

/** Formats ascending numbers as an idset (RFC 22): `0-3,7`. */
export function formatIdset(numbers: readonly number[]): string {
  const ranges: string[] = [];
  let first: number | undefined;
  numbers.forEach((number, index) => {
    first ??= number;
    if (numbers[index + 1] === number + 1) return;
    ranges.push(first === number ? `${number}` : `${first}-${number}`);
    first = undefined;
  });
  return ranges.join(',');
}
