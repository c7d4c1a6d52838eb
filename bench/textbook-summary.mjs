// The statistics of a textbook in JavaScript: the baseline of the statistics bench.

class Quantile {
  constructor(q) {
    this.q = q;
    this.heights = [];
    this.positions = [1, 2, 3, 4, 5];
    this.desired = [1, 1 + 2 * q, 1 + 4 * q, 3 + 2 * q, 5];
    this.steps = [0, q / 2, q, (1 + q) / 2, 1];
  }

  observe(x) {
    const { heights: h, positions: n, desired, steps } = this;
    if (h.length < 5) {
      h.push(x);
      h.sort((a, b) => a - b);
      return;
    }
    let k = 0;
    if (x < h[0]) h[0] = x;
    else if (x >= h[4]) {
      h[4] = x;
      k = 3;
    } else while (x >= h[k + 1]) k++;
    for (let i = k + 1; i < 5; i++) n[i]++;
    for (let i = 0; i < 5; i++) desired[i] += steps[i];
    for (let i = 1; i < 4; i++) {
      const off = desired[i] - n[i];
      if ((off >= 1 && n[i + 1] - n[i] > 1) || (off <= -1 && n[i - 1] - n[i] < -1)) {
        const d = Math.sign(off);
        const parabolic =
          h[i] +
          (d / (n[i + 1] - n[i - 1])) *
            (((n[i] - n[i - 1] + d) * (h[i + 1] - h[i])) / (n[i + 1] - n[i]) +
              ((n[i + 1] - n[i] - d) * (h[i] - h[i - 1])) / (n[i] - n[i - 1]));
        h[i] =
          h[i - 1] < parabolic && parabolic < h[i + 1]
            ? parabolic
            : h[i] + (d * (h[i + d] - h[i])) / (n[i + d] - n[i]);
        n[i] += d;
      }
    }
  }

  get value() {
    return this.heights.length < 5 ? this.heights[Math.floor(this.heights.length * this.q)] : this.heights[2];
  }
}

export class TextbookSummary {
  constructor() {
    this.count = 0;
    this.mean = 0;
    this.squares = 0;
    this.min = Infinity;
    this.max = -Infinity;
    this.quantiles = [0.25, 0.5, 0.75].map((q) => new Quantile(q));
    this.deviation = new Quantile(0.5);
  }

  observe(x) {
    this.count++;
    const delta = x - this.mean;
    this.mean += delta / this.count;
    this.squares += delta * (x - this.mean);
    this.min = Math.min(this.min, x);
    this.max = Math.max(this.max, x);
    for (const quantile of this.quantiles) quantile.observe(x);
    this.deviation.observe(Math.abs(x - this.quantiles[1].value));
  }
}
