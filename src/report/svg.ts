/** Renders a graph as an SVG picture, with the layout of Graphviz. */

import type { Graph as Drawing } from '@viz-js/viz';
import { EnsembleError } from '../errors.js';
import { loadOptional } from '../optional-package.js';
import type { Graph, GraphEdge, GraphNode, NodeKind } from './model.js';

type Attributes = Readonly<Record<string, string | number>>;

const looks: Readonly<Record<NodeKind, Attributes>> = {
  group: { shape: 'box', style: 'rounded,filled', fillcolor: '#dbeafe', color: '#2563eb' },
  state: { shape: 'box', style: 'rounded,filled', fillcolor: '#fde68a', color: '#b45309', penwidth: 1.8 },
  rule: { shape: 'box', style: 'filled', fillcolor: '#ffffff', color: '#64748b' },
  start: { shape: 'box', style: 'filled', fillcolor: '#dcfce7', color: '#15803d' },
  time: { shape: 'box', style: 'filled', fillcolor: '#f3e8ff', color: '#7e22ce' },
  code: { shape: 'component', style: 'filled', fillcolor: '#f1f5f9', color: '#334155' },
  resources: { shape: 'cylinder', style: 'filled', fillcolor: '#f1f5f9', color: '#334155' },
  end: { shape: 'doublecircle', style: 'filled', fillcolor: '#fee2e2', color: '#b91c1c' },
};

const lines: Readonly<Record<GraphEdge['kind'], Attributes>> = {
  looks: { color: '#94a3b8', arrowhead: 'vee' },
  does: { color: '#1e293b' },
  goes: { color: '#b45309', fontcolor: '#b45309', penwidth: 1.6 },
  judged: { color: '#d97706', style: 'dashed', arrowhead: 'vee' },
};

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** Titles of groups and states are bold; those of rules are not. */
function labelOf({ kind, title, details }: GraphNode): string {
  const strong = kind === 'group' || kind === 'state' || kind === 'end';
  const head = strong ? `<b>${escaped(title)}</b>` : escaped(title);
  const more = details.map((detail) => `<br/><font point-size="9" color="#475569">${escaped(detail)}</font>`);
  return head + more.join('');
}

/**
 * Returns the picture as SVG text, with a title for readers and for screen readers. `user` is the command that needs it.
 * Throws EnsembleError: `ERR_ADDON` without the package with Graphviz, `ERR_FILE` when the layout fails.
 */
export async function toSvg({ nodes, edges }: Graph, title: string, user: string): Promise<string> {
  const { instance } = await loadOptional<typeof import('@viz-js/viz')>('@viz-js/viz', user);
  // Graphviz knows the widths of this font without the system.
  const font = { fontname: 'Arial', fontsize: 11 };
  const drawing: Drawing = {
    name: title,
    graphAttributes: { rankdir: 'TB', nodesep: 0.22, ranksep: 0.4, pad: 0.2, bgcolor: 'white', ...font },
    nodeAttributes: { ...font, margin: '0.16,0.08', height: 0.3 },
    edgeAttributes: { ...font, fontsize: 9, arrowsize: 0.7 },
    nodes: nodes.map((node) => ({
      name: node.id,
      attributes: {
        ...looks[node.kind],
        label: { html: labelOf(node) },
        tooltip: { html: escaped(node.title) },
      },
    })),
    edges: edges.map(({ from, to, kind, label }) => ({
      tail: from,
      head: to,
      attributes: { ...lines[kind], ...(label === '' ? {} : { label: { html: escaped(` ${label} `) } }) },
    })),
  };
  const viz = await instance();
  const { status, output, errors } = viz.render(drawing, { format: 'svg' });
  if (status !== 'success') {
    const reasons = errors.map(({ message }) => message).join('; ');
    throw new EnsembleError('ERR_FILE', `the layout of the graph failed: ${reasons}`);
  }
  return output.replaceAll('font-family="Arial"', 'font-family="Arial,Helvetica,sans-serif"');
}
