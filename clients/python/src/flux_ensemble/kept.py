"""Runs that are kept in folders: their list, and their jobs after the end. The program ``ensemble`` reads them."""

from __future__ import annotations

import os
from typing import Any, Dict, List, Mapping, Optional, Sequence, Union

from .errors import EnsembleError
from .program import Program, command_output, json_lines, state_options
from .table import Table

Names = Union[str, Sequence[str], None]
Folder = Union[str, "os.PathLike[str]", None]


def names_of(names: Names) -> List[str]:
    """Return the names of one text, which may have several between commas, or of a list."""
    listed = names.split(",") if isinstance(names, str) else list(names or ())
    return [name.strip() for name in listed if name.strip()]


class KeptRun:
    """A run with a folder, also after its end."""

    def __init__(
        self,
        run: Optional[str] = None,
        *,
        state: Folder = None,
        program: Program = None,
        env: Optional[Mapping[str, str]] = None,
    ) -> None:
        """``run`` is an id, a name or a folder; the latest run that was started in the present folder by default.

        ``state`` is the folder in which runs are kept, as ``--state`` of the commands.
        """
        self._run = [] if run is None else [run]
        self._state = state
        self._program = program
        self._env = env

    def jobs(
        self,
        *,
        group: Names = None,
        result: Names = None,
        where: Optional[str] = None,
        sort: Optional[str] = None,
        columns: Names = None,
        limit: Optional[int] = None,
    ) -> Table:
        """Return the jobs, as ``ensemble jobs`` does; all of them by default. Times are seconds since the epoch.

        ``where`` is an expression: ``"duration > 1h and parameters.T >= 400"``. ``sort`` is a column: ``"duration:desc"``.
        Raises EnsembleError: ``ERR_RUN`` for an unknown run, and for an invalid expression or column.
        """
        args = ["jobs", *self._run, "--json", *state_options(self._state)]
        for name in names_of(group):
            args.append(f"--group={name}")
        for option, value in (
            ("result", ",".join(names_of(result))),
            ("where", where),
            ("sort", sort),
            ("columns", ",".join(names_of(columns))),
            ("limit", limit),
        ):
            if value is not None and value != "":
                args.append(f"--{option}={value}")
        return Table(json_lines(self._output(args)))

    def output(self, job: str) -> str:
        """Return the standard output of a job. Raises EnsembleError ``ERR_RUN`` for an unknown job."""
        return self._output(["logs", *state_options(self._state), *self._run, job]).decode("utf-8", "replace")

    def _output(self, args: Sequence[str]) -> bytes:
        return command_output(args, program=self._program, env=self._env)


def runs(*, state: Folder = None, program: Program = None, env: Optional[Mapping[str, str]] = None) -> Table:
    """Return the runs of this user, the newest first, as ``ensemble runs --json`` does."""
    return Table(
        json_lines(command_output(["runs", "--json", *state_options(state)], program=program, env=env))
    )


def running(wanted: Optional[str], found: Sequence[Dict[str, Any]]) -> Dict[str, Any]:
    """Return the run of this id or name that goes on and can be reached. Raises EnsembleError ``ERR_RUN``."""
    matching = [
        run
        for run in found
        if run["state"] == "running"
        and run["socket"] is not None
        and wanted in (None, run["id"], run["name"], run["ensemble"])
    ]
    if len(matching) == 1:
        return matching[0]
    called = "" if wanted is None else f" is called {wanted!r}"
    if not matching:
        raise EnsembleError(
            "ERR_RUN", f"no run that goes on{called}; runs() lists the runs with their states"
        )
    called = "go on" if wanted is None else f"are called {wanted!r}"
    ids = ", ".join(run["id"] for run in matching)
    raise EnsembleError("ERR_RUN", f"{len(matching)} runs {called}; name one by its id: {ids}")
