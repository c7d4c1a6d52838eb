/** Collects the prose of source files: comments, messages, titles of tests, and the text of Markdown pages. */

import { extname } from 'node:path';
import ts from 'typescript';

export interface Prose {
  /** Line of its beginning, from 1. */
  readonly line: number;
  readonly kind: 'comment' | 'message' | 'title' | 'page';
  /** On one line; code in it is replaced by `…`. */
  readonly text: string;
}

/** Prose of a file by the ending of its name; empty for files of other kinds. */
export function proseOf(path: string, text: string): Prose[] {
  if (/\.(tsx?|mjs)$/.test(path)) return ofTypescript(path, text);
  if (/\.(h|cpp|proto)$/.test(path)) return ofCpp(text);
  if (/\.(py|lua|sh)$/.test(path)) return ofScript(text);
  return path.endsWith('.md') ? ofMarkdown(text) : [];
}

const CODE = [/```[\s\S]*?```/g, /`[^`\n]*`/g, /\{@link [^}]*\}/g, /https?:\S+/g];

function withoutCode(text: string): string {
  return CODE.reduce((rest, code) => rest.replace(code, '…'), text);
}

/** The words of a comment, without its marks and without quoted words. */
function ofComment(text: string): string {
  const lines = text
    .split('\n')
    .map((line) => line.replace(/^\s*(\/\*+|\/\/+|\*+\/?|#+|--)|\*\/\s*$/g, '').trim());
  const whole = withoutCode(lines.map((line) => (line === '' ? '\n' : line)).join(' '));
  return whole.replace(/(?<![\p{L}\p{N}])(["'])(?:(?!\1)[^\n]){1,80}?\1(?![\p{L}\p{N}])/gu, '…');
}

/** Comments that stand on lines of their own below each other are one text. */
function joined(comments: readonly { readonly line: number; readonly text: string }[]): Prose[] {
  const found: { line: number; end: number; text: string }[] = [];
  for (const { line, text } of comments) {
    const last = found.at(-1);
    const end = line + text.split('\n').length - 1;
    if (
      last !== undefined &&
      last.end === line - 1 &&
      !text.startsWith('/*') &&
      !last.text.startsWith('/*')
    ) {
      last.text += `\n${text}`;
      last.end = end;
    } else {
      found.push({ line, end, text });
    }
  }
  return found.map(({ line, text }) => ({ line, kind: 'comment', text: ofComment(text) }));
}

const TITLED = /^(describe|test|it)\b/;

function ofTypescript(path: string, text: string): Prose[] {
  const kinds = { '.ts': ts.ScriptKind.TS, '.tsx': ts.ScriptKind.TSX, '.mjs': ts.ScriptKind.JS };
  const kindOfScript = kinds[extname(path) as keyof typeof kinds];
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true, kindOfScript);
  const lineAt = (position: number) => file.getLineAndCharacterOfPosition(position).line + 1;
  const isTest = path.startsWith('test/');
  const strings: Prose[] = [];
  const literals: { begin: number; end: number }[] = [];
  const visit = (node: ts.Node, isPart: boolean): void => {
    const kind = isTitle(node) ? 'title' : 'message';
    const message = isPart || (isTest && kind !== 'title') ? null : textOf(node);
    if (message !== null)
      strings.push({ line: lineAt(node.getStart(file)), kind, text: withoutCode(message) });
    if (ts.isLiteralExpression(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node)) {
      literals.push({ begin: node.getStart(file), end: node.end });
    }
    ts.forEachChild(node, (child) => visit(child, message !== null && written(child) !== null));
  };
  visit(file, false);
  const comments = commentsBetween(literals, text).map(({ at, ...comment }) => ({
    line: lineAt(at),
    ...comment,
  }));
  return [...joined(comments), ...strings];
}

/** Comments outside of strings, templates and regular expressions. */
function commentsBetween(literals: readonly { begin: number; end: number }[], text: string) {
  const found: { at: number; text: string }[] = [];
  const comment = /\/\/[^\n]*|\/\*[\s\S]*?\*\//g;
  let next = 0;
  for (let match = comment.exec(text); match !== null; match = comment.exec(text)) {
    while ((literals[next]?.end ?? Number.POSITIVE_INFINITY) <= match.index) next++;
    const literal = literals[next];
    if (literal !== undefined && literal.begin <= match.index) comment.lastIndex = literal.end;
    else found.push({ at: match.index, text: match[0] });
  }
  return found;
}

/** Whether a node is the first argument of `test(...)`, `describe.each(...)(...)` and the like. */
function isTitle(node: ts.Node): boolean {
  const { parent } = node;
  return (
    parent !== undefined &&
    ts.isCallExpression(parent) &&
    parent.arguments[0] === node &&
    TITLED.test(parent.expression.getText())
  );
}

/** The text of a string, of a template, or of several that are added; null for another node and for single words. */
function textOf(node: ts.Node): string | null {
  const text = written(node);
  return text?.trim().includes(' ') === true ? text : null;
}

function written(node: ts.Node): string | null {
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) return node.text;
  if (ts.isTemplateExpression(node)) {
    return node.head.text + node.templateSpans.map(({ literal }) => `…${literal.text}`).join('');
  }
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken) {
    const [left, right] = [written(node.left), written(node.right)];
    return left === null && right === null ? null : `${left ?? '…'}${right ?? '…'}`;
  }
  return null;
}

/** Strings and characters are passed over whole, so that `//` in one begins no comment. */
const CPP = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|R"\(([\s\S]*?)\)"|"((?:\\.|[^"\\\n])*)"|'(?:\\.|[^'\\\n])+'/g;

function ofCpp(text: string): Prose[] {
  const comments: { line: number; text: string }[] = [];
  const strings: Prose[] = [];
  for (const match of text.matchAll(CPP)) {
    const line = text.slice(0, match.index).split('\n').length;
    const string = match[1] ?? match[2];
    if (match[0].startsWith('/')) comments.push({ line, text: match[0] });
    else if (string !== undefined && /\w \w+ \w/.test(string)) {
      strings.push({ line, kind: 'message', text: withoutCode(string) });
    }
  }
  return [...joined(comments), ...strings];
}

const SCRIPT = /(?<=^|\n)[ \t]*(?:#|--)[^\n]*|"""[\s\S]*?"""/g;

function ofScript(text: string): Prose[] {
  const lineOf = (index: number) => text.slice(0, index).split('\n').length;
  return joined(
    [...text.matchAll(SCRIPT)].map(({ 0: match, index }) => ({ line: lineOf(index), text: match })),
  );
}

/** Paragraphs, items of lists and cells of tables; headings may be questions and are left out. */
function ofMarkdown(text: string): Prose[] {
  const blank = (code: string) => code.replace(/[^\n]/g, ' ');
  const rest = text.replace(/^([ \t]*)```[\s\S]*?^\1```/gm, blank).replace(/^#+ .*$/gm, blank);
  const found: Prose[] = [];
  let line = 1;
  for (const block of rest.split(/(\n\s*\n|\n(?=\s*(?:[-*|>]|\d+\.) ))/)) {
    const cells = block.trimStart().startsWith('|') ? block.split('|') : [block];
    for (const cell of cells) {
      const words = cell
        .replace(/^\s*([-*>]|\d+\.)\s+/, '')
        .replaceAll(/\s+/g, ' ')
        .trim();
      if (words !== '') found.push({ line, kind: 'page', text: withoutCode(words) });
    }
    line += block.split('\n').length - 1;
  }
  return found;
}
