// An engine that benches feed, as the API shows an ensemble.

import { configFromObject } from '../dist/config/load.js';
import { Engine } from '../dist/engine/engine.js';
import { compilePlan, ruleNames } from '../dist/engine/plan/compile.js';
import { RulesView } from '../dist/run/rules-now.js';
import { synthGroup } from './journals.mjs';
import { silent } from './plan.mjs';

const listener = {
  ...silent,
  logFailed(reason) {
    throw new Error(`the log of the bench has failed: ${reason}`);
  },
};

/** Groups of a synthetic recording, and a rule on each. */
function studyOf(groups) {
  const names = Array.from({ length: groups }, (_, i) => synthGroup(i));
  return {
    jobs: names.map((name) => ({ name, command: 'true' })),
    rules: names.map((name) => ({
      ...{ trigger: 'metric', name: `mean.${name}-duration`, when: '> 1000000000' },
      action: { name: 'terminate' },
    })),
  };
}

/** The text of its file: YAML includes JSON. */
export const studyText = (groups) => JSON.stringify(studyOf(groups));

export class BenchEnsemble {
  id = 'bench';
  name = 'bench';
  started = Date.now() / 1000;
  ending = null;
  result = null;
  running = true;
  paused = false;
  size = 1024;
  memberName = 'bench';
  state = null;
  #rules = new RulesView();
  #log;

  /** `log` is the folder of the engine's log. */
  constructor(groups, { runFolder = null, log } = {}) {
    this.config = configFromObject(studyOf(groups)).config;
    this.runFolder = runFolder;
    this.#log = log;
    this.engine = this.makeEngine();
  }

  makeEngine() {
    const names = ruleNames(this.config, { wantsEvent: () => false, portions: () => null });
    const log = this.#log === undefined ? {} : { log: this.#log };
    return new Engine({ ...compilePlan(this.config, 'bench', names, null), sketches: true }, listener, log);
  }

  metrics() {
    return this.engine.metrics();
  }

  async rules() {
    const { config, engine } = this;
    const native = await engine.rules();
    const { metrics } = engine.names;
    return this.#rules.take({ native, rules: config.rules, metrics, state: null, ended: false });
  }

  failures = async () => new Map();
  async *firings() {}
  async *problems() {}
}
