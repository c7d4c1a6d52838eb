"""The program ``ensemble``: where it is, and how its commands are run."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import warnings
from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence, Union

from .errors import EnsembleError, command_error

Program = Union[str, "os.PathLike[str]", Sequence[str], None]
"""A path of ``ensemble``, or the words of a command that starts it."""


def find_program(program: Program = None) -> List[str]:
    """Return the words that start ``ensemble``: the argument, else ``$FLUX_ENSEMBLE``, else ``ensemble`` on ``PATH``.

    Raises EnsembleError ``ERR_COMMAND`` where it is missing.
    """
    if program is None:
        named = os.environ.get("FLUX_ENSEMBLE", "").strip()
        words = shlex.split(named) if named else ["ensemble"]
        origin = f"$FLUX_ENSEMBLE is {named!r}" if named else "the program 'ensemble' is not on PATH"
    else:
        words = (
            [os.fspath(program)]
            if isinstance(program, (str, os.PathLike))
            else [str(word) for word in program]
        )
        origin = f"the argument program is {program!r}"
    found = shutil.which(os.path.expanduser(words[0])) if words else None
    if found is None:
        raise EnsembleError(
            "ERR_COMMAND",
            f"{origin}, which can't be started; install it with `npm install --global flux-ensemble`, or set "
            "$FLUX_ENSEMBLE or the argument program to its path",
        )
    # A relative path would change its meaning in another working directory.
    return [os.path.abspath(found), *words[1:]]


def state_options(state: Union[str, "os.PathLike[str]", None]) -> List[str]:
    """Return the options that name the folder in which runs are kept; none for the default one."""
    return [] if state is None else ["--state", os.path.abspath(os.path.expanduser(os.fspath(state)))]


def command_output(
    args: Sequence[str], *, program: Program = None, env: Optional[Mapping[str, str]] = None
) -> bytes:
    """Run a command to its end and return its standard output.

    Warnings of the command become warnings of Python. Raises EnsembleError for another exit status than 0.
    """
    done = subprocess.run(
        [*find_program(program), *args], stdin=subprocess.DEVNULL, capture_output=True, env=env, check=False
    )
    messages = done.stderr.decode("utf-8", "replace")
    if done.returncode != 0:
        raise command_error(done.returncode, messages)
    for line in messages.splitlines():
        if line.startswith("ensemble: warning: "):
            warnings.warn(line, RuntimeWarning, stacklevel=3)
    return done.stdout


def json_lines(output: bytes) -> Iterator[Dict[str, Any]]:
    """Yield the objects of an output that has one a line."""
    for line in output.splitlines():
        if line.strip():
            yield json.loads(line)
