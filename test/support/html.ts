/** Parses HTML pages. */

import { type DefaultTreeAdapterMap, parse } from 'parse5';

type Node = DefaultTreeAdapterMap['node'];
type Element = DefaultTreeAdapterMap['element'];

export interface ParsedPage {
  /** Codes of the errors of the HTML standard. */
  readonly errors: readonly string[];
  readonly elements: readonly Element[];
  /** The text of the element with this id, and its spaces as one; null without the element. */
  textOf(id: string): string | null;
}

const isElement = (node: Node): node is Element => 'tagName' in node;
const childrenOf = (node: Node): readonly Node[] => ('childNodes' in node ? node.childNodes : []);

function* allOf(node: Node): Generator<Element> {
  for (const child of childrenOf(node)) {
    if (isElement(child)) yield child;
    yield* allOf(child);
  }
}

function textIn(node: Node): string {
  return 'value' in node ? node.value : childrenOf(node).map(textIn).join(' ');
}

export function attributeOf({ attrs }: Element, name: string): string | null {
  return attrs.find((each) => each.name === name)?.value ?? null;
}

export function parsePage(text: string): ParsedPage {
  const errors: string[] = [];
  const document = parse(text, { onParseError: ({ code }) => errors.push(code) });
  const elements = [...allOf(document)];
  return {
    errors,
    elements,
    textOf(id) {
      const found = elements.find((element) => attributeOf(element, 'id') === id);
      return found === undefined ? null : textIn(found).replace(/\s+/g, ' ').trim();
    },
  };
}
