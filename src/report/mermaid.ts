/** Renders a graph as Mermaid text, which GitHub and many editors display. */

import type { Graph, GraphEdge, GraphNode, NodeKind } from './model.js';

const shapes: Readonly<Record<NodeKind, readonly [open: string, close: string]>> = {
  group: ['(', ')'],
  state: ['([', '])'],
  rule: ['[', ']'],
  start: ['[', ']'],
  time: ['[', ']'],
  code: ['[[', ']]'],
  resources: ['[(', ')]'],
  end: ['((', '))'],
};

const classes: Readonly<Record<NodeKind, string>> = {
  group: 'fill:#dbeafe,stroke:#2563eb,color:#111',
  state: 'fill:#fde68a,stroke:#b45309,color:#111',
  rule: 'fill:#ffffff,stroke:#64748b,color:#111',
  start: 'fill:#dcfce7,stroke:#15803d,color:#111',
  time: 'fill:#f3e8ff,stroke:#7e22ce,color:#111',
  code: 'fill:#f1f5f9,stroke:#334155,color:#111',
  resources: 'fill:#f1f5f9,stroke:#334155,color:#111',
  end: 'fill:#fee2e2,stroke:#b91c1c,color:#111',
};

const arrows: Readonly<Record<GraphEdge['kind'], string>> = {
  looks: '-->',
  does: '==>',
  goes: '==>',
  judged: '-.->',
};

/** Escapes characters with a meaning in Mermaid, Markdown or HTML as Mermaid's entities. */
function escaped(text: string): string {
  return text.replace(/["#&<>`*_~\\[\]{}|]/g, (character) => `#${character.charCodeAt(0)};`);
}

function textOf({ title, details }: GraphNode): string {
  return [title, ...details].map(escaped).join('<br/>');
}

export function toMermaid({ nodes, edges }: Graph): string {
  // Ids are replaced, because `end` is a keyword of Mermaid.
  const idOf = (id: string) => idNames.get(id) ?? id;
  const idNames = new Map(nodes.map(({ id }, index) => [id, `n${index}`]));
  const lines = ['flowchart TB'];
  for (const node of nodes) {
    const [open, close] = shapes[node.kind];
    lines.push(`  ${idOf(node.id)}${open}"${textOf(node)}"${close}:::${node.kind}_`);
  }
  for (const { from, to, kind, label } of edges) {
    const text = label === '' ? '' : `|"${escaped(label)}"|`;
    lines.push(`  ${idOf(from)} ${arrows[kind]}${text} ${idOf(to)}`);
  }
  const kinds = new Set(nodes.map(({ kind }) => kind));
  for (const kind of kinds) lines.push(`  classDef ${kind}_ ${classes[kind]}`);
  return `${lines.join('\n')}\n`;
}
