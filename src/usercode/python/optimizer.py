"""Keeps an optimizer: an object of a class of the user with the methods ask(n) and tell(rows).

Requests and answers are those of functions.py.
"""

import importlib.util
import inspect
import os
import sys

FOLDER = os.path.dirname(os.path.abspath(__file__))
# A module of the user may have the name of a file of this folder.
sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or ".") != FOLDER]


def shared():
    """Returns functions.py as a module, under a name that no module of the user has."""
    spec = importlib.util.spec_from_file_location("_ensemble_functions", os.path.join(FOLDER, "functions.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


functions = shared()

METHODS = "the methods ask(n) and tell(rows)"


class Unfit(functions.Uncallable):
    """The file has no class that can be used."""


def is_optimizer(value):
    return inspect.isclass(value) and all(callable(getattr(value, name, None)) for name in ("ask", "tell"))


def class_of(names, name):
    """Returns the class of a module with both methods. Raises Unfit when there is not exactly one."""
    if name is not None:
        if not is_optimizer(names.get(name)):
            raise Unfit("it has no class '%s' with %s" % (name, METHODS))
        return names[name]
    own = [
        value
        for key, value in names.items()
        if is_optimizer(value) and value.__module__ == names["__name__"] and not key.startswith("_")
    ]
    own = list(dict.fromkeys(own))
    if not own:
        raise Unfit("it has no class with %s" % METHODS)
    if len(own) > 1:
        found = ", ".join(value.__name__ for value in own)
        raise Unfit("it has several classes with %s: %s; name one of them in 'class'" % (METHODS, found))
    return own[0]


class Kept:
    """The object, and the requests to it."""

    def __init__(self):
        self._optimizer = None

    def begin(self, path, name, facts):
        """Runs the file and makes the object, with those of the facts that its class takes as keyword arguments."""
        names = {"__name__": "ensemble_optimizer", "__file__": path}
        sys.path.insert(0, os.path.dirname(path))
        with open(path, "rb") as module:
            exec(compile(module.read(), path, "exec"), names)
        found = class_of(names, name)
        try:
            parameters = inspect.signature(found).parameters.values()
        except ValueError:
            parameters = []
        takes_all = any(parameter.kind == parameter.VAR_KEYWORD for parameter in parameters)
        taken = {parameter.name for parameter in parameters}
        self._optimizer = found(**{key: value for key, value in facts.items() if takes_all or key in taken})

    def exchange(self, told, count):
        """Tells rows, then asks for `count` rows. Returns them as JSON values."""
        if told:
            self._optimizer.tell(told)
        rows = self._optimizer.ask(count) if count > 0 else []
        if rows is None:
            return None
        if isinstance(rows, (dict, str, bytes)) or not hasattr(rows, "__iter__"):
            raise functions.Unusable("ask(%d) returned %s; it must return a list of rows" % (count, functions.describe(rows)))
        return functions.plain(list(rows))


if __name__ == "__main__":
    kept = Kept()
    functions.serve({"begin": kept.begin, "exchange": kept.exchange})
