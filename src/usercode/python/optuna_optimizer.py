"""A search by Optuna over the ranges of parameters, as an optimizer with ask(n) and tell(rows)."""

import warnings
from statistics import NormalDist

try:
    import optuna
except ImportError as error:
    raise ImportError("python3 has no Optuna; install it: pip install optuna, or apt-get install python3-optuna") from error
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState

STATES = {"success": TrialState.COMPLETE, "pruned": TrialState.PRUNED}


def normal(value, mean, deviation):
    """Returns the value of a normal distribution at a quantile."""
    return NormalDist(mean, deviation).inv_cdf(value) if deviation > 0 else mean


def distribution_of(name, written):
    """Returns the distribution of Optuna for the range of a parameter, and a function from its values to ours."""

    def same(value):
        return value

    if isinstance(written, list):
        return CategoricalDistribution(written), same
    if "choice" in written:
        return CategoricalDistribution(written["choice"]), same
    if "integer" in written:
        low, high = written["integer"]
        return IntDistribution(int(low), int(high)), same
    if "uniform" in written:
        return FloatDistribution(*map(float, written["uniform"])), same
    if "loguniform" in written:
        low, high = map(float, written["loguniform"])
        return FloatDistribution(low, high, log=True), same
    if "normal" in written:
        # Optuna has no such distribution, so it searches the quantiles.
        mean, deviation = map(float, written["normal"])
        return FloatDistribution(1e-9, 1 - 1e-9), lambda value: normal(value, mean, deviation)
    low, high = written["from"], written["to"]
    if "step" in written:
        step = written["step"]
        if all(isinstance(number, int) for number in (low, high, step)):
            return IntDistribution(low, high, step=step), same
        # The end of the range belongs to it only when a step ends there.
        steps = int((high - low) / step * (1 + 1e-12))
        return FloatDistribution(float(low), float(low) + steps * float(step), step=float(step)), same
    count = written["count"]
    if written.get("scale") == "log":
        values = [low * (high / low) ** (i / max(1, count - 1)) for i in range(count)]
    else:
        values = [low + (high - low) * i / max(1, count - 1) for i in range(count)]
    return CategoricalDistribution(values), same


def sampler_of(name, seed):
    samplers = optuna.samplers
    if name == "random":
        return samplers.RandomSampler(seed=seed)
    if name == "cmaes":
        return samplers.CmaEsSampler(seed=seed, warn_independent_sampling=False)
    if name == "qmc":
        return samplers.QMCSampler(seed=seed, scramble=True, warn_independent_sampling=False)
    # Rows that run must not be proposed again before their results are known.
    return samplers.TPESampler(seed=seed, constant_liar=True)


class OptunaOptimizer:
    def __init__(self, seed, direction, space, options):
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        # Optuna calls several of its samplers experimental.
        warnings.simplefilter("ignore")
        self._space = {name: distribution_of(name, written) for name, written in space.items()}
        self._distributions = {name: distribution for name, (distribution, _) in self._space.items()}
        sampler = sampler_of(options["sampler"], seed)
        self._study = optuna.create_study(direction=direction, sampler=sampler)
        self._trials = []

    def ask(self, n):
        rows = []
        for _ in range(n):
            trial = self._study.ask(self._distributions)
            self._trials.append(trial)
            rows.append({name: to_ours(trial.params[name]) for name, (_, to_ours) in self._space.items()})
        return rows

    def tell(self, rows):
        for row in rows:
            trial, state = self._trials[row["row"]], STATES.get(row["outcome"], TrialState.FAIL)
            if row["outcome"] == "pruned" and row["objective"] is not None:
                trial.report(row["objective"], 0)
            values = row["objective"] if state == TrialState.COMPLETE else None
            self._study.tell(trial, values, state=state)
            self._trials[row["row"]] = None
