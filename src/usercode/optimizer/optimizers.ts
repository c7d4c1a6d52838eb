/** The optimizers of a run. */

import type { OptimizerFacts, OptimizerSource } from '../../model/search.js';
import { packageFile } from '../../text/package-file.js';
import type { UserCodeListener } from '../user-process.js';
import { ClassOptimizer } from './class-optimizer.js';
import { CommandOptimizer } from './command-optimizer.js';
import type { Optimizer } from './optimizer.js';

/** The path is the same from `src` and from `dist`. */
const OPTUNA = packageFile('src/usercode/python/optuna_optimizer.py');

function start(source: OptimizerSource, facts: OptimizerFacts, listener: UserCodeListener): Optimizer {
  switch (source.kind) {
    case 'command':
      return new CommandOptimizer(source.words, facts, listener);
    case 'optuna': {
      const options = { sampler: source.sampler };
      return new ClassOptimizer('python', OPTUNA, null, { ...facts, options }, listener);
    }
    default:
      return new ClassOptimizer(source.kind, source.path, source.name, facts, listener);
  }
}

export class Optimizers {
  readonly #listener: UserCodeListener;
  readonly #running = new Set<Optimizer>();

  constructor(listener: UserCodeListener) {
    this.#listener = listener;
  }

  /** Starts an optimizer. Failures come with its first exchange. */
  start(source: OptimizerSource, facts: OptimizerFacts): Optimizer {
    const optimizer = start(source, facts, this.#listener);
    this.#running.add(optimizer);
    return optimizer;
  }

  /** Ends all optimizers. Resolves when their processes have ended. Idempotent. */
  async close(): Promise<void> {
    await Promise.all([...this.#running].map((optimizer) => optimizer.close()));
  }
}
