"""Calls the Python functions of an ensemble, in a process of their own.

Requests are JSON, one a line, on descriptor 4, which is a socket. Answers are sent on it too. Functions print to the
usual streams. This process ends at the end of the requests, even while a function runs. Its guard
(native/spawner/guard.h) ends it and its descendants with the run.
"""

import collections
import fcntl
import functools
import inspect
import json
import math
import os
import queue
import socket
import sys
import threading
import traceback
import types


class Action:
    """An action to perform: `Action({"name": "submit", "label": "echo"})`."""

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
    ensemble, None without states.
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


class Job:
    """
    The job that a reader measures: `id`, `group`, `parameters`, `workdir`, and the absolute paths `output` and `error`. A job without
    such a file has None there.
    """

    def __init__(self, **facts):
        self.__dict__.update(facts)

    def path(self, name):
        """Returns the absolute path of a file, whose name is relative to the working directory."""
        return os.path.join(self.workdir, name)


class Unusable(Exception):
    """A function returned a value that JSON can't hold."""


class Uncallable(Exception):
    """A function does not accept the arguments of custom functions."""


ARGUMENTS = "functions receive metrics, event, rule, action and handle; **kwargs accepts all of them"
READER_ARGUMENTS = "a reader receives job"

# Far more than an action needs.
MAX_DEPTH = 64
MAX_ANSWER = 1 << 20
# 128 bits suffice for every value of an action.
MAX_INTEGER = 2**128


def plain(answer, path="", depth=0):
    """Returns a result as JSON values: actions and rules as mappings. Raises Unusable."""

    def refuse(expected, found):
        raise Unusable("%s%s; found %s" % (path + ": " if path else "", expected, found))

    if depth > MAX_DEPTH:
        refuse("must be at most %d values deep" % MAX_DEPTH, "a deeper one; does it contain itself?")
    if isinstance(answer, Action):
        return plain(answer._action, path, depth + 1)
    if isinstance(answer, Rule):
        return plain(answer._rule, path, depth + 1)
    if isinstance(answer, dict):
        return {
            plain_key(key, refuse): plain(value, "%s.%s" % (path, key) if path else key, depth + 1)
            for key, value in answer.items()
        }
    if isinstance(answer, (list, tuple)):
        return [plain(item, "%s[%d]" % (path, index), depth + 1) for index, item in enumerate(answer)]
    if type(answer).__module__ == "numpy" and getattr(answer, "ndim", None) == 0:
        answer = answer.item()
    if answer is None or isinstance(answer, bool):
        return answer
    if isinstance(answer, str):
        return plain_text(answer, refuse)
    if isinstance(answer, int):
        if abs(answer) > MAX_INTEGER:
            refuse("must be an integer of at most 128 bits", "one of %d bits" % int(answer).bit_length())
        return int(answer)
    if isinstance(answer, float):
        if not math.isfinite(answer):
            refuse("must be a finite number", "the number %r" % float(answer))
        return float(answer)
    if path:
        refuse("must be text, a number, a boolean, None, a list or a mapping", describe(answer))
    raise Unusable("a function returns an Action, a Rule, a list of those, or None, not %s" % describe(answer))


def numbers(answer):
    """Returns the numbers of a reader as JSON values, NaN and infinities as text. Raises Unusable."""
    if isinstance(answer, dict):
        return {str(name): number(value, "%s: " % name) for name, value in answer.items()}
    return number(answer, "")


def number(value, where):
    if type(value).__module__ == "numpy" and getattr(value, "ndim", None) == 0:
        value = value.item()
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Unusable("%sa reader returns a number, or a dict of names to numbers; found %s" % (where, describe(value)))
    return float(value) if math.isfinite(value) else repr(float(value))


def plain_key(key, refuse):
    if not isinstance(key, str):
        refuse("keys must be text", describe(key))
    return plain_text(key, refuse)


def plain_text(text, refuse):
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        refuse("must be text that UTF-8 can hold", "the lone surrogate U+%04X" % ord(text[error.start]))
    return str.__str__(text)


def describe(value):
    """Describes the type of a value, and the value if it is short."""
    try:
        shown = repr(value)
    except Exception:
        shown = ""
    return "%s of type %s" % (shown if 0 < len(shown) <= 80 else "a value", type(value).__qualname__)


def bound_names(function):
    """Returns the names that functools.partial has bound."""
    names = set()
    while isinstance(function, functools.partial):
        names.update(function.keywords)
        function = function.func
    return names


def parameters_of(function):
    """
    Returns the parameters of a function, and those of the function that it wraps: a decorator passes its arguments on.
    None for both where the signature is unknown, as for some builtins.
    """
    own = wrapped = None
    try:
        wrapped = inspect.signature(function).parameters
        own = inspect.signature(function, follow_wrapped=False).parameters
    except Exception:
        pass
    return own or wrapped, wrapped


def arguments_for(function, given, words=ARGUMENTS):
    """
    Selects the positional and the keyword arguments of a call from the given ones. Raises Uncallable when the function
    needs another one.
    """
    own, wrapped = parameters_of(function)
    if own is None:
        return [], given
    parameters = own.values()
    kinds = {parameter.kind for parameter in parameters}
    free = {name: value for name, value in given.items() if name not in bound_names(function)}
    positional = []
    keywords = {}
    for parameter in parameters:
        name = parameter.name
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        if name in free and parameter.kind == parameter.POSITIONAL_ONLY:
            positional.append(free.pop(name))
        elif name in free:
            keywords[name] = free.pop(name)
        elif parameter.default is not parameter.empty:
            if parameter.kind == parameter.POSITIONAL_ONLY:
                positional.append(parameter.default)
        else:
            raise Uncallable("it needs an argument '%s'; %s" % (name, words))
    def taken(kind):
        takes_all = any(parameter.kind == kind for parameter in wrapped.values())
        # Only a function that names `attempt` gets it: others pass their arguments on to functions of five arguments.
        return {name: value for name, value in free.items() if name in wrapped or (takes_all and name != "attempt")}

    if inspect.Parameter.VAR_KEYWORD in kinds:
        keywords.update(taken(inspect.Parameter.VAR_KEYWORD))
    elif inspect.Parameter.VAR_POSITIONAL in kinds and not keywords:
        positional.extend(taken(inspect.Parameter.VAR_POSITIONAL).values())
    return positional, keywords


def what_went_wrong():
    """Returns the traceback of the current exception, without the frames of this folder."""
    kind, error, frames = sys.exc_info()
    folder = os.path.dirname(__file__)
    while frames is not None and os.path.dirname(frames.tb_frame.f_code.co_filename) == folder:
        frames = frames.tb_next
    text = "".join(traceback.format_exception(kind, error, frames)).rstrip()
    if isinstance(error, TypeError) and "unexpected keyword argument" in text:
        # A decorator without functools.wraps shows a signature that takes more arguments than its function.
        text += " (%s)" % ARGUMENTS
    return text


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
    """Returns a handle of the enclosing Flux instance, or None."""
    try:
        import flux

        return flux.Flux()
    except Exception:
        return None


class Functions:
    def __init__(self):
        self._names = {"Action": Action, "Rule": Rule, "__name__": "ensemble_custom"}
        self._handle = None

    def load(self, source, file, line, folder, names, reader):
        """
        Runs the source with the line numbers of its file. Returns the names that are functions, each with its problem,
        or None. With `reader`, the functions measure jobs.
        """
        offer_as_ensemble_python()
        sys.path.insert(0, folder)
        self._handle = None if reader else flux_handle()
        self._names["__file__"] = file
        if source is None:
            with open(file, "rb") as module:
                code = compile(module.read(), file, "exec")
        else:
            code = compile("\n" * (line - 1) + source, file, "exec")
        exec(code, self._names)
        return {name: self._problem(name, reader) for name in names if callable(self._names.get(name))}

    def call(self, function, metrics, state, event, rule, action, attempt):
        if not callable(self._names.get(function)):
            raise Uncallable("it is not defined")
        given = self._given(Metrics(metrics, state), event, Rule(rule), Action(action), attempt)
        positional, keywords = arguments_for(self._names[function], given)
        return plain(self._names[function](*positional, **keywords))

    def read(self, function, job):
        """Calls a reader. Returns its numbers by name, or its only one."""
        positional, keywords = arguments_for(self._names[function], {"job": Job(**job)}, READER_ARGUMENTS)
        return numbers(self._names[function](*positional, **keywords))

    def _given(self, metrics, event, rule, action, attempt):
        given = {"metrics": metrics, "event": event, "rule": rule, "action": action, "handle": self._handle}
        return {**given, "attempt": attempt}

    def _problem(self, name, reader):
        try:
            if reader:
                arguments_for(self._names[name], {"job": None}, READER_ARGUMENTS)
            else:
                arguments_for(self._names[name], self._given(None, None, None, None, 0))
        except Uncallable as error:
            return str(error)
        return None


def read_requests(lines, requests):
    for line in lines:
        requests.put(json.loads(line))
    os._exit(0)


def flush():
    """Flushes output. A function may have closed its streams."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (AttributeError, OSError, ValueError):
            pass


def answer_to(methods, request):
    try:
        text = json.dumps({"id": request["id"], "value": methods[request["do"]](**request["with"])})
        if len(text) <= MAX_ANSWER:
            return text
        problem = {"error": "its result exceeds %d bytes" % MAX_ANSWER}
    except Unusable as error:
        problem = {"unusable": str(error)}
    except Uncallable as error:
        problem = {"error": str(error)}
    except BaseException:
        # SystemExit and KeyboardInterrupt too: only the ensemble may end this process.
        problem = {"error": what_went_wrong()[-MAX_ANSWER // 8 :]}
    return json.dumps({"id": request["id"], **problem})


def serve(methods):
    """Answers requests on descriptor 4 until they end. `methods` are functions by the name of the request."""
    # A high descriptor is safe from functions that write to low ones. Child processes do not inherit it.
    channel = socket.socket(fileno=fcntl.fcntl(4, fcntl.F_DUPFD_CLOEXEC, 100))
    os.close(4)
    requests = queue.Queue()
    lines = channel.makefile("r", encoding="utf-8")
    threading.Thread(target=read_requests, args=(lines, requests), daemon=True).start()
    process = os.getpid()
    while True:
        text = answer_to(methods, requests.get())
        flush()
        if os.getpid() != process:
            # A function has forked a copy and let it return. Only the original answers.
            os._exit(0)
        # The answer begins on a line of its own, because a function may have written to the channel.
        channel.sendall(("\n" + text + "\n").encode("ascii"))


if __name__ == "__main__":
    functions = Functions()
    serve({"load": functions.load, "call": functions.call, "read": functions.read})
