// The picture of the throughput bench: events a second over the size of the recording, on log scales.

const WIDTH = 840;
const HEIGHT = 412;
const frame = { left: 70, right: 560, top: 44, bottom: 340 };

const lines = [
  ['engine, 10 rules', 'engine with 10 rules', '#0b6e4f'],
  ['simdjson stream', 'simdjson alone', '#8a5a00'],
  ['replay of the file', 'ensemble replay, from file', '#2b59c3'],
  ['plain JavaScript', 'plain JavaScript', '#9b2226'],
];

const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

function scale([low, high], [from, to]) {
  const span = Math.log10(high) - Math.log10(low);
  return (value) => from + ((Math.log10(value) - Math.log10(low)) / span) * (to - from);
}

function text(x, y, content, attributes = '') {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${attributes}>${escaped(content)}</text>`;
}

const powers = (low, high) => {
  const all = [];
  for (let value = low; value <= high; value *= 10) all.push(value);
  return all;
};

/** Spreads labels at the ends of the lines that would overlap. */
function spaced(labels) {
  const sorted = [...labels].sort((a, b) => a.y - b.y);
  for (let i = 1; i < sorted.length; i++) sorted[i].y = Math.max(sorted[i].y, sorted[i - 1].y + 17);
  return sorted;
}

/** Returns an SVG image of the points `{ jobs, [series]: events a second }`. */
export function pictureOf(points, machine) {
  const sizes = points.map(({ jobs }) => jobs);
  const x = scale([Math.min(...sizes), Math.max(...sizes)], [frame.left, frame.right]);
  const y = scale([1e5, 1e8], [frame.bottom, frame.top]);
  const parts = [];
  for (const rate of powers(1e5, 1e8)) {
    const at = y(rate).toFixed(1);
    parts.push(`<line x1="${frame.left}" x2="${frame.right}" y1="${at}" y2="${at}" stroke="#ddd"/>`);
    const label = rate >= 1e6 ? `${rate / 1e6} M` : `${rate / 1e3} k`;
    parts.push(text(frame.left - 8, y(rate) + 4, label, 'text-anchor="end"'));
  }
  for (const jobs of sizes) {
    parts.push(text(x(jobs), frame.bottom + 20, jobs.toLocaleString('en'), 'text-anchor="middle"'));
  }
  const labels = [];
  for (const [series, title, color] of lines) {
    const known = points.filter((point) => point[series] !== undefined);
    if (known.length === 0) continue;
    const path = known.map((point) => `${x(point.jobs).toFixed(1)},${y(point[series]).toFixed(1)}`);
    parts.push(`<polyline points="${path.join(' ')}" fill="none" stroke="${color}" stroke-width="2.5"/>`);
    for (const at of path) {
      const [cx, cy] = at.split(',');
      parts.push(`<circle cx="${cx}" cy="${cy}" r="3.5" fill="${color}"/>`);
    }
    const last = known.at(-1);
    const rate = `${(last[series] / 1e6).toPrecision(3)} M/s`;
    labels.push({ x: x(last.jobs) + 12, y: y(last[series]) + 4, text: `${title}, ${rate}`, color });
  }
  for (const label of spaced(labels)) {
    parts.push(text(label.x, label.y, label.text, `fill="${label.color}"`));
  }
  const middle = (frame.left + frame.right) / 2;
  parts.push(
    text(frame.left, 24, 'Job events a second, one thread', 'font-size="16" font-weight="600"'),
    text(middle, frame.bottom + 42, 'jobs in the recording (11 events each)', 'text-anchor="middle"'),
    text(
      frame.left,
      HEIGHT - 4,
      `${machine.processor}, Node ${machine.node}, ${machine.date.slice(0, 10)}`,
      'fill="#777" font-size="11"',
    ),
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" font-family="system-ui, sans-serif" font-size="13" fill="#222">
<rect width="100%" height="100%" fill="#fff"/>
${parts.join('\n')}
</svg>
`;
}
