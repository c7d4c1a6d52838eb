"""Calls the Python functions of an ensemble, in a process of their own.

Requests come as JSON, one a line, on descriptor 3; answers go out the same way on descriptor 4. What functions
print goes where it always goes. When the requests end, so does this process, whatever a function is doing.
"""

import collections
import ctypes
import json
import os
import queue
import signal
import sys
import threading
import traceback
import types


class Action:
    """What is to be done next: `Action({"name": "submit", "label": "echo"})`."""

    def __init__(self, action, module=None):
        self._action = dict(action)

    @property
    def name(self):
        return self._action.get("name")

    @property
    def label(self):
        return self._action.get("label")

    @property
    def repetitions(self):
        return self._action.get("repetitions", 1)

    @property
    def backoff(self):
        return self._action.get("backoff")

    def value(self, default=1):
        return self._action.get("value", default)


class Rule:
    """A rule to add: `Rule({"trigger": "job-finish", "action": {...}})`."""

    def __init__(self, rule, module=None):
        self._rule = dict(rule)
        self.action = Action(self._rule["action"])

    @property
    def trigger(self):
        return self._rule["trigger"]

    @property
    def name(self):
        return self._rule.get("name") or self.trigger

    @property
    def when(self):
        return self._rule.get("when")


class Value:
    """One statistic as it was when the rule fired; None before the first observation."""

    def __init__(self, value):
        self._value = value

    def get(self):
        return self._value

    def __repr__(self):
        return repr(self._value)


class Metrics:
    """
    `models[statistic]["group-variable"].get()` and `models["count"][group][outcome].get()`; `state` is that of the
    ensemble, None when it has none.
    """

    def __init__(self, groups, state):
        self.state = state
        models = collections.defaultdict(dict)
        for group, metrics in groups.items():
            models["count"][group] = {name: Value(count) for name, count in metrics["count"].items()}
            variables = {"duration": metrics["duration"], "pending": metrics["pending"]}
            for variable, summary in {**variables, **metrics.get("probes", {})}.items():
                if summary["count"] == 0:
                    continue
                for statistic, value in summary.items():
                    if statistic != "count":
                        models[statistic][group + "-" + variable] = Value(value)
        self.models = models


def plain(answer):
    """An answer as JSON has it: actions and rules as the mappings that they were made of."""
    if isinstance(answer, Action):
        return plain(answer._action)
    if isinstance(answer, Rule):
        return plain(answer._rule)
    if isinstance(answer, dict):
        return {str(key): plain(value) for key, value in answer.items()}
    if isinstance(answer, (list, tuple)):
        return [plain(item) for item in answer]
    if answer is None or isinstance(answer, (bool, int, float, str)):
        return answer
    raise TypeError("a function returns an Action, a Rule, a list of those, or None, not %r" % (answer,))


def what_went_wrong():
    """The traceback of the exception at hand, without the frames of this file."""
    kind, error, frames = sys.exc_info()
    while frames is not None and frames.tb_frame.f_code.co_filename == __file__:
        frames = frames.tb_next
    return "".join(traceback.format_exception(kind, error, frames)).rstrip()


def offer_as_ensemble_python():
    """Lets `from ensemble.config.types import Action` work where ensemble-python is not installed."""
    try:
        import ensemble.config.types  # noqa: F401
    except ImportError:
        module = types.ModuleType("ensemble.config.types")
        module.Action, module.Rule = Action, Rule
        for name in ("ensemble", "ensemble.config"):
            sys.modules.setdefault(name, types.ModuleType(name))
        sys.modules["ensemble.config.types"] = module


def flux_handle():
    """A handle of the Flux instance that we are in, or None."""
    try:
        import flux

        return flux.Flux()
    except Exception:
        return None


class Functions:
    def __init__(self):
        self._names = {"Action": Action, "Rule": Rule, "__name__": "ensemble_custom"}
        self._handle = None

    def load(self, source, file, line, folder):
        """Runs the source; its lines are those of the file that it stands in."""
        offer_as_ensemble_python()
        sys.path.insert(0, folder)
        self._handle = flux_handle()
        self._names["__file__"] = file
        exec(compile("\n" * (line - 1) + source, file, "exec"), self._names)
        return sorted(name for name, value in self._names.items() if callable(value))

    def call(self, function, metrics, state, event, rule, action):
        return plain(
            self._names[function](
                metrics=Metrics(metrics, state),
                event=event,
                rule=Rule(rule),
                action=Action(action),
                handle=self._handle,
            )
        )


def die_with_parent():
    """Not even a function that never comes back may outlive the ensemble."""
    PR_SET_PDEATHSIG = 1
    try:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    except (OSError, AttributeError):
        pass


def read_requests(requests):
    with os.fdopen(3, "r", encoding="utf-8") as lines:
        for line in lines:
            requests.put(json.loads(line))
    os._exit(0)


def main():
    die_with_parent()
    answers = os.fdopen(4, "w", encoding="utf-8")
    requests = queue.Queue()
    threading.Thread(target=read_requests, args=(requests,), daemon=True).start()
    functions = Functions()
    while True:
        request = requests.get()
        try:
            method = functions.load if request["do"] == "load" else functions.call
            answer = {"value": method(**request["with"])}
            text = json.dumps(answer)
        except BaseException:
            # SystemExit and KeyboardInterrupt too: only the ensemble ends this process.
            text = json.dumps({"error": what_went_wrong()})
        sys.stdout.flush()
        sys.stderr.flush()
        answers.write(text + "\n")
        answers.flush()


main()
