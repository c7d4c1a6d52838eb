"""Runs of the real program for tests, in folders of their own. ``$FLUX_ENSEMBLE`` names the program."""

from __future__ import annotations

import os
import shutil
import tempfile
import unittest
from pathlib import Path
from typing import Any, Callable, Iterator

from flux_ensemble import Change, StartedStudy, run

SWEEP = """
jobs:
  - name: square
    command: sh -c 'echo {{x}} squared; echo note {{x}} >&2'
    parameters: {x: [1, 2, 3, 4]}
    error: note-{{id}}.err
  - {name: bad, command: sh -c 'exit 3', count: 2}
rules:
  - {trigger: start, action: {name: submit, label: square}}
  - {trigger: metric, name: count.square.success, when: 4, action: {name: submit, label: bad}}
"""
"""Four jobs that succeed, and two that fail after them."""

WAITING = """
jobs:
  - {name: nap, command: sleep 300, count: 2}
  - {name: hello, command: "echo hello {{n}}", parameters: {n: [1, 2]}}
rules:
  - {trigger: start, action: {name: submit, label: nap}}
  - {trigger: metric, name: count.hello.success, when: 100, action: {name: submit, label: hello}}
"""
"""Two jobs that run until they are canceled, and a group that is submitted on request."""


class RunTest(unittest.TestCase):
    """A test with a folder, in which its runs are kept and their jobs work."""

    def setUp(self) -> None:
        # A short path: paths of Unix sockets have at most 107 bytes.
        self.folder = Path(tempfile.mkdtemp(prefix="fp-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        for name, part in (("XDG_STATE_HOME", "state"), ("XDG_RUNTIME_DIR", "run")):
            path = self.folder / part
            path.mkdir(mode=0o700)
            self.set_environment(name, str(path))

    def set_environment(self, name: str, value: str) -> None:
        """Set a variable until the end of the test."""
        earlier = os.environ.get(name)
        os.environ[name] = value
        if earlier is None:
            self.addCleanup(os.environ.pop, name, None)
        else:
            self.addCleanup(os.environ.__setitem__, name, earlier)

    def file(self, text: str, name: str = "study.yaml") -> Path:
        """Write a file into the folder, and return its path."""
        path = self.folder / name
        path.write_text(text)
        return path

    def start(self, text: str, **options: Any) -> StartedStudy:
        """Start a run in the folder. It is interrupted after the test."""
        study = run(self.file(text), cwd=self.folder, **{"executor": "local", "slots": 4, **options})
        self.addCleanup(_end, study)
        return study


def _end(study: StartedStudy) -> None:
    study.interrupt()
    study._process.wait()


def until(changes: Iterator[Change], condition: Callable[[Change], bool]) -> Change:
    """Follow a run until a change satisfies a condition, and return this change."""
    for change in changes:
        if condition(change):
            return change
    raise AssertionError("the run has ended without the change that the test waits for")
