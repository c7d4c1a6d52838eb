/** Whether a configuration is a tree of a size that can be worked with, before anything walks through it. */

/** Deeper nesting than any ensemble has, and shallow enough for every walk to have room on the stack. */
const MOST_LEVELS = 100;
/** Values, each counted as often as it is repeated. */
const MOST_VALUES = 2_000_000;

/** Where a tree is none, or none to work with. */
export interface TreeFault<Node> {
  readonly kind: 'cycle' | 'depth' | 'size';
  /** What refers to the node; null for the root. */
  readonly parent: Node | null;
  /** From the root to the node. */
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** A walk through one tree; see `faultIn`. */
class Walk<Node> {
  fault: TreeFault<Node> | null = null;
  readonly #children: (node: Node) => Iterable<readonly [string | number, Node]>;
  /** Of each node that has been walked through: how many values, how deep. */
  readonly #known = new Map<Node, { readonly size: number; readonly levels: number }>();
  readonly #under = new Set<Node>();
  readonly #path: (string | number)[] = [];
  #values = 0;

  constructor(children: (node: Node) => Iterable<readonly [string | number, Node]>) {
    this.#children = children;
  }

  /** Walks through a node. Returns false, and keeps the fault, when there is one. */
  enter(node: Node, parent: Node | null): boolean {
    if (this.#under.has(node)) return this.#refuse('cycle', parent, 'holds itself, so it would never end');
    const known = this.#known.get(node);
    if (known !== undefined) {
      this.#values += known.size;
      return this.#fits(parent, known.levels);
    }
    const before = this.#values++;
    let deepest = 0;
    if (!this.#fits(parent, 0)) return false;
    this.#under.add(node);
    for (const [step, child] of this.#children(node)) {
      this.#path.push(step);
      if (!this.enter(child, node)) return false;
      this.#path.pop();
      deepest = Math.max(deepest, this.#known.get(child)?.levels ?? 0);
    }
    this.#under.delete(node);
    this.#known.set(node, { size: this.#values - before, levels: deepest + 1 });
    return true;
  }

  #fits(parent: Node | null, levels: number): boolean {
    if (this.#path.length + levels > MOST_LEVELS) {
      return this.#refuse('depth', parent, `is nested too deeply; ${MOST_LEVELS} levels are the most`);
    }
    if (this.#values > MOST_VALUES) {
      return this.#refuse('size', parent, `makes the document too large; ${MOST_VALUES} values are the most`);
    }
    return true;
  }

  #refuse(kind: TreeFault<Node>['kind'], parent: Node | null, message: string): false {
    this.fault = { kind, parent, path: [...this.#path], message };
    return false;
  }
}

/**
 * The first place at which a tree holds itself, is nested too deeply or, repetitions counted, has too many values.
 * Null for a tree to work with. Takes as long as the tree has different nodes.
 */
export function faultIn<Node>(
  root: Node,
  children: (node: Node) => Iterable<readonly [string | number, Node]>,
): TreeFault<Node> | null {
  const walk = new Walk(children);
  walk.enter(root, null);
  return walk.fault;
}

/** The same for a value as JavaScript has it. */
export function faultInValue(root: unknown): TreeFault<unknown> | null {
  return faultIn(root, (value) => {
    if (Array.isArray(value)) return value.entries();
    return typeof value === 'object' && value !== null ? Object.entries(value) : [];
  });
}
