/** Checks that a configuration is a tree of a usable size, before other code walks it. */

/** Maximum nesting: more than ensembles need, and shallow enough for the stack of every walk. */
const MAX_LEVELS = 100;
/** Maximum values, with repeated ones counted each time. */
const MAX_VALUES = 2_000_000;

/** The reason why a structure is not a tree, or not a usable one. */
export interface TreeFault<Node> {
  readonly kind: 'cycle' | 'depth' | 'size';
  /** The node that refers to the faulty one; null for the root. */
  readonly parent: Node | null;
  /** From the root to the node. */
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** A walk through one tree; see `faultIn`. */
class Walk<Node> {
  fault: TreeFault<Node> | null = null;
  readonly #children: (node: Node) => Iterable<readonly [string | number, Node]>;
  /** The number of values and the depth of each visited node. */
  readonly #known = new Map<Node, { readonly size: number; readonly levels: number }>();
  readonly #under = new Set<Node>();
  readonly #path: (string | number)[] = [];
  #values = 0;

  constructor(children: (node: Node) => Iterable<readonly [string | number, Node]>) {
    this.#children = children;
  }

  /** Walks through a node. Returns false after storing a fault. */
  enter(node: Node, parent: Node | null): boolean {
    if (this.#under.has(node)) return this.#refuse('cycle', parent, 'contains itself');
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
    if (this.#path.length + levels > MAX_LEVELS) {
      return this.#refuse('depth', parent, `is nested too deeply; at most ${MAX_LEVELS} levels are allowed`);
    }
    if (this.#values > MAX_VALUES) {
      return this.#refuse(
        'size',
        parent,
        `makes the document too large; at most ${MAX_VALUES} values are allowed`,
      );
    }
    return true;
  }

  #refuse(kind: TreeFault<Node>['kind'], parent: Node | null, message: string): false {
    this.fault = { kind, parent, path: [...this.#path], message };
    return false;
  }
}

/**
 * Returns the first place at which a tree contains itself, is nested too deeply or has too many values, counting
 * repetitions. Null for a usable tree. Takes time linear in the number of different nodes.
 */
export function faultIn<Node>(
  root: Node,
  children: (node: Node) => Iterable<readonly [string | number, Node]>,
): TreeFault<Node> | null {
  const walk = new Walk(children);
  walk.enter(root, null);
  return walk.fault;
}

/** Checks a JavaScript value in the same way. */
export function faultInValue(root: unknown): TreeFault<unknown> | null {
  return faultIn(root, (value) => {
    if (Array.isArray(value)) return value.entries();
    return typeof value === 'object' && value !== null ? Object.entries(value) : [];
  });
}
