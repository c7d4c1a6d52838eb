/** The arguments that a function takes: one object with all of them or, for a function of several parameters, each by name. */

import { choices } from '../../text/suggest.js';

/** The names of all arguments. */
const ARGUMENTS = ['metrics', 'event', 'rule', 'action', 'firing', 'handle', 'attempt'] as const;

interface Parameter {
  readonly name: string;
  readonly required: boolean;
}

/** The list of parameters at the beginning of a function's text, without brackets in it. */
const HEAD =
  /^(?:async\b\s*)?(?:function\b\s*\*?\s*)?(?:[\p{ID_Start}$_][\p{ID_Continue}$]*\s*)?\(([^()[\]{}]*)\)/u;
const PARAMETER = /^([\p{ID_Start}$_][\p{ID_Continue}$]*)(\s*=\s*[^\s].*)?$/su;
const COMMENT = /\/\*[\s\S]*?\*\/|\/\/.*$/gm;

/** The parameters of a function that takes its arguments by name; null for one that takes the object. */
function parametersOf(callee: (...args: never[]) => unknown): readonly Parameter[] | null {
  const text = Function.prototype.toString.call(callee).slice(0, 10_000).replace(COMMENT, ' ');
  const list = HEAD.exec(text)?.[1]?.split(',') ?? [];
  const parameters: Parameter[] = [];
  for (const [index, part] of list.entries()) {
    // A comma may follow the last one.
    if (part.trim() === '' && index === list.length - 1) break;
    const [, name, byDefault] = PARAMETER.exec(part.trim()) ?? [];
    if (name === undefined) return null;
    parameters.push({ name, required: byDefault === undefined });
  }
  const isNamed = parameters.some(({ name }) => (ARGUMENTS as readonly string[]).includes(name));
  return parameters.length > 1 && isNamed ? parameters : null;
}

/** The reason why a function can't be called; null where it can. */
export function whyUncallable(callee: (...args: never[]) => unknown): string | null {
  const unknown = parametersOf(callee)?.find(
    ({ name, required }) => required && !(ARGUMENTS as readonly string[]).includes(name),
  );
  if (unknown === undefined) return null;
  return `it needs an argument '${unknown.name}'; functions receive ${choices(ARGUMENTS, 'and')}`;
}

/** Calls a function with the arguments that it takes. */
export function callWith(
  callee: (...args: never[]) => unknown,
  args: object & { readonly firing?: { readonly attempt: number } },
): unknown {
  const parameters = parametersOf(callee);
  if (parameters === null) return (callee as (args: object) => unknown)(args);
  const named: Readonly<Record<string, unknown>> = { ...args, attempt: args.firing?.attempt ?? 0 };
  const values = parameters.map(({ name }) => (Object.hasOwn(named, name) ? named[name] : undefined));
  return (callee as (...args: unknown[]) => unknown)(...values);
}
