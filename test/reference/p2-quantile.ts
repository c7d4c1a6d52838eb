/** One quantile by the P² algorithm, step by step as shared/vectors/README.md describes it for river. */
export class P2Quantile {
  readonly #q: number;
  readonly #step: readonly number[];
  readonly #first: number[] = [];
  #n = 0;
  #height: number[] = [];
  #position = [1, 2, 3, 4, 5];
  #desired: number[];

  constructor(q: number) {
    this.#q = q;
    this.#step = [0, q / 2, q, (1 + q) / 2, 1];
    this.#desired = [1, 1 + 2 * q, 1 + 4 * q, 3 + 2 * q, 5];
  }

  clone(): P2Quantile {
    const copy = new P2Quantile(this.#q);
    copy.#n = this.#n;
    copy.#first.push(...this.#first);
    copy.#height = [...this.#height];
    copy.#position = [...this.#position];
    copy.#desired = [...this.#desired];
    return copy;
  }

  /** Null without an observation. */
  get value(): number | null {
    if (this.#n === 0) return null;
    if (this.#n > 5) return this.#height[2] as number;
    const sorted = [...this.#first].sort((a, b) => a - b);
    return sorted[Math.min(this.#n - 1, Math.floor(this.#n * this.#q))] as number;
  }

  observe(x: number): void {
    this.#n++;
    if (this.#n <= 5) {
      this.#first.push(x);
      if (this.#n === 5) this.#height = [...this.#first].sort((a, b) => a - b);
      return;
    }
    const height = this.#height as [number, number, number, number, number];
    let cell: number;
    if (x < height[0]) {
      height[0] = x;
      cell = 1;
    } else if (x >= height[4]) {
      height[4] = x;
      cell = 4;
    } else {
      cell = height.findIndex((h) => x < h);
    }
    for (let i = 0; i < 5; i++) {
      if (i >= cell) (this.#position[i] as number) += 1;
      (this.#desired[i] as number) += this.#step[i] as number;
    }
    for (let i = 1; i <= 3; i++) this.#adjust(i);
  }

  #adjust(i: number): void {
    const at = (list: readonly number[], index: number) => list[index] as number;
    const n = at(this.#position, i);
    const above = at(this.#position, i + 1);
    const below = at(this.#position, i - 1);
    const off = at(this.#desired, i) - n;
    const up = off >= 1 && above - n > 1;
    const down = off <= -1 && below - n < -1;
    if (!up && !down) return;
    const d = up ? 1 : -1;
    const height = this.#height;
    const q = at(height, i);
    const left = ((n - below + d) * (at(height, i + 1) - q)) / (above - n);
    const right = ((above - n - d) * (q - at(height, i - 1))) / (n - below);
    const parabolic = q + (d / (above - below)) * (left + right);
    height[i] =
      at(height, i - 1) < parabolic && parabolic < at(height, i + 1)
        ? parabolic
        : q + (d * (at(height, i + d) - q)) / (at(this.#position, i + d) - n);
    this.#position[i] = n + d;
  }
}
