/** The types that the public declarations of an entry name, and those of them that the entry does not export. */

import ts from 'typescript';

/** A type that a public declaration names and a user of the package can't. */
export interface UnnamedType {
  /** The exported name whose declaration names it. */
  readonly by: string;
  readonly type: string;
}

/** The nodes of a declaration that its users see: without bodies and private members. */
function* visibleNodes(node: ts.Node): Generator<ts.Node> {
  if (ts.isBlock(node)) return;
  if (ts.isClassElement(node)) {
    const name = node.name;
    if (name !== undefined && ts.isPrivateIdentifier(name)) return;
    const modifiers = ts.canHaveModifiers(node) ? (ts.getModifiers(node) ?? []) : [];
    if (modifiers.some(({ kind }) => kind === ts.SyntaxKind.PrivateKeyword)) return;
  }
  yield node;
  const children: ts.Node[] = [];
  ts.forEachChild(node, (child) => void children.push(child));
  for (const child of children) {
    // The value of a variable or a property is not part of its declaration.
    const isValue =
      (ts.isVariableDeclaration(node) || ts.isPropertyDeclaration(node) || ts.isParameter(node)) &&
      child === node.initializer;
    if (!isValue) yield* visibleNodes(child);
  }
}

/** Types of files below `folder` that exported declarations of the entries name, although no entry exports them. */
export function unnamedTypes(
  entries: readonly string[],
  folder: string,
  options: ts.CompilerOptions,
): UnnamedType[] {
  const program = ts.createProgram(entries, options);
  const checker = program.getTypeChecker();
  const resolve = (symbol: ts.Symbol) =>
    symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  const isOurs = (node: ts.Node) => node.getSourceFile().fileName.startsWith(folder);
  const exportsOf = (entry: string) => {
    const source = program.getSourceFile(entry);
    const module = source && checker.getSymbolAtLocation(source);
    if (module === undefined) throw new Error(`${entry} is not a module`);
    return checker.getExportsOfModule(module);
  };
  const exported = new Map(entries.flatMap(exportsOf).map((symbol) => [resolve(symbol), symbol.name]));
  const found = new Map<string, UnnamedType>();
  for (const [symbol, by] of exported) {
    for (const node of (symbol.declarations ?? [])
      .filter(isOurs)
      .flatMap((each) => [...visibleNodes(each)])) {
      const named = typeNameOf(node);
      const target = named && checker.getSymbolAtLocation(named);
      if (!target) continue;
      const type = resolve(target);
      const isParameter = (type.flags & ts.SymbolFlags.TypeParameter) !== 0;
      if (isParameter || exported.has(type) || !type.declarations?.some(isOurs)) continue;
      found.set(`${by} ${type.name}`, { by, type: type.name });
    }
  }
  return [...found.values()];
}

/** The name of the type that a node refers to; null for other nodes. */
function typeNameOf(node: ts.Node): ts.Node | null {
  if (ts.isTypeReferenceNode(node)) return node.typeName;
  return ts.isExpressionWithTypeArguments(node) ? node.expression : null;
}
