/** The process of an optimizer in JavaScript: makes an object of a class, and calls its `ask` and `tell`. */

import { pathToFileURL } from 'node:url';
import { openChannel } from '../javascript/channel.js';
import { importModule, reasonOf } from '../javascript/import-module.js';
import { sendPrinted } from '../javascript/printed.js';
import type { BeginRequest, ExchangeRequest, OptimizerAnswer, OptimizerRequest } from './messages.js';

interface OptimizerObject {
  ask(count: number): unknown;
  tell(rows: readonly unknown[]): unknown;
}

type OptimizerClass = new (facts: object) => OptimizerObject;

let optimizer: OptimizerObject | null = null;

/** The class with `ask` and `tell` that a module exports. Throws Error when it does not export exactly one. */
function classOf(module: Readonly<Record<string, unknown>>, name: string | null): OptimizerClass {
  const exported = { ...(module.default as object | undefined), ...module };
  const found = Object.entries(exported).filter(
    (entry): entry is [string, OptimizerClass] =>
      typeof entry[1] === 'function' && isOptimizer(entry[1].prototype),
  );
  const classes = [...new Map(found.map(([own, value]) => [value, own])).entries()];
  const named =
    name === null ? classes : classes.filter(([value, own]) => own === name || value.name === name);
  const [only, other] = named;
  if (only === undefined) {
    const what = name === null ? 'no class with the methods' : `no class '${name}' with the methods`;
    throw new Error(`it exports ${what} ask(n) and tell(rows)`);
  }
  if (other === undefined) return only[0];
  const names = named.map(([, own]) => own).join(', ');
  throw new Error(
    `it exports several classes with ask(n) and tell(rows): ${names}; name one of them in 'class'`,
  );
}

function isOptimizer(prototype: unknown): boolean {
  const { ask, tell } = (prototype ?? {}) as Partial<OptimizerObject>;
  return typeof ask === 'function' && typeof tell === 'function';
}

async function begin({ path, name, facts }: BeginRequest): Promise<null> {
  let module: Record<string, unknown>;
  try {
    module = await importModule(pathToFileURL(path).href);
  } catch (error) {
    throw new Error(`it can't be loaded: ${reasonOf(error)}`);
  }
  const Optimizer = classOf(module, name);
  optimizer = new Optimizer(facts);
  return null;
}

async function exchange({ told, count }: ExchangeRequest): Promise<unknown> {
  if (told.length > 0) await optimizer?.tell(told);
  return count === 0 ? [] : optimizer?.ask(count);
}

async function answer({ id, do: method, with: request }: OptimizerRequest): Promise<void> {
  try {
    const work = method === 'begin' ? begin(request as BeginRequest) : exchange(request as ExchangeRequest);
    tell({ kind: 'answer', id, value: await work });
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    tell({ kind: 'answer', id, error: method === 'begin' && error instanceof Error ? error.message : text });
  }
}

const { tell } = openChannel<OptimizerRequest, OptimizerAnswer>((request) => void answer(request));

sendPrinted((text) => tell({ kind: 'printed', text }));
