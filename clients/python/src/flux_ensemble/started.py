"""Runs that this process starts: ``ensemble run FILE`` as a process, and its HTTP API."""

from __future__ import annotations

import atexit
import json
import os
import signal
import subprocess
import threading
import time
import weakref
from collections import deque
from dataclasses import dataclass, field
from types import TracebackType
from typing import IO, Any, Deque, Dict, Iterator, List, Mapping, Optional, Sequence, Type

from .errors import EnsembleError, command_error
from .kept import Folder, KeptRun
from .program import Program, find_program, state_options
from .state import Change, State
from .study import Study
from .transport import Transport

_LINES_KEPT = 1000
_PATIENCE_AT_EXIT = 30.0
_RETRY = 0.05
_started: "weakref.WeakSet[StartedStudy]" = weakref.WeakSet()


@dataclass(frozen=True)
class Result:
    """The result of a run that has ended."""

    end: str
    """``idle``, ``terminated``, ``interrupted``, ``stopped`` or ``failed``."""
    exit_status: int
    """That of ``ensemble run``: 0, or 1 when jobs failed in the end."""
    seconds: float
    failed_jobs: int
    error: Optional[str]
    """The error that ended the run; None without one."""
    groups: Dict[str, Dict[str, Any]] = field(repr=False)
    """Counts and statistics by group."""
    metrics: Dict[str, Any] = field(repr=False)
    """Metrics that rules name and that no group has."""
    run_folder: Optional[str]
    """The folder in which the run is kept; None for a run without one."""
    summary: Dict[str, Any] = field(repr=False)
    """All of the last line of ``ensemble run --json``."""

    @property
    def ok(self) -> bool:
        """Whether the run ended normally and no job failed in the end."""
        return self.exit_status == 0


class _Output:
    """Reads the output of the process, so that it never waits. Keeps the lines that matter."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self.socket: Optional[str] = None
        self.summary: Optional[Dict[str, Any]] = None
        self.printed: Deque[str] = deque(maxlen=_LINES_KEPT)
        self.messages: Deque[str] = deque(maxlen=_LINES_KEPT)
        self.listening = threading.Event()
        """Set when the run listens, or when its output has ended."""
        self._threads = [
            threading.Thread(target=target, args=(stream,), daemon=True)
            for target, stream in ((self._read_lines, process.stdout), (self._read_messages, process.stderr))
        ]
        for thread in self._threads:
            thread.start()

    def _read_lines(self, stream: IO[bytes]) -> None:
        with stream:
            for line in stream:
                # Most lines are firings, which are not parsed.
                if line.startswith(b'{"type":"output"'):
                    self.printed.append(json.loads(line)["line"])
                elif line.startswith(b'{"type":"summary"'):
                    self.summary = json.loads(line)
                elif line.startswith(b'{"type":"http"'):
                    self.socket = json.loads(line)["address"].partition(":")[2]
                    self.listening.set()
        self.listening.set()

    def _read_messages(self, stream: IO[bytes]) -> None:
        with stream:
            for line in stream:
                self.messages.append(line.decode("utf-8", "replace").rstrip("\n"))

    def join(self) -> None:
        """Wait until everything was read. The process must have ended."""
        for thread in self._threads:
            thread.join()


class StartedStudy(Study):
    """A run that this process has started.

    As a context manager, it waits for the end of the run; after an exception in the block, it interrupts the run. A run
    does not outlive the Python process, unless ``detach()`` was called or the process was killed.
    """

    def __init__(self, process: "subprocess.Popen[bytes]", place: Mapping[str, Any]) -> None:
        """``place`` has the arguments of KeptRun, by which the run is found after its end."""
        self._process = process
        self._place = place
        self._output = _Output(process)
        self._result: Optional[Result] = None
        self._last: Dict[str, Any] = {}
        _started.add(self)
        try:
            self._output.listening.wait()
            if self._output.socket is None:
                raise self._failure()
            super().__init__(Transport(self._output.socket), "")
            self._reach()
        except BaseException:
            self.interrupt()
            raise

    def _reach(self) -> None:
        """Ask the run for its id. A short run may have ended already."""
        while self.running:
            try:
                self._last = self._transport.get("ensembles")["ensembles"][0]
            except EnsembleError as error:
                if error.code != "ERR_SERVICE_UNREACHABLE":
                    raise
                time.sleep(_RETRY)
                continue
            self._id = self._last["id"]
            self._keep(self._last["run"])
            return
        self.wait()

    def _keep(self, run: Optional[str]) -> None:
        self._kept = None if run is None else KeptRun(run, **self._place)

    def _failure(self) -> EnsembleError:
        status = self._process.wait()
        self._output.join()
        return command_error(status, "\n".join(self._output.messages))

    @property
    def pid(self) -> int:
        """The id of the process of the run."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the process of the run goes on."""
        return self._process.poll() is None

    @property
    def printed(self) -> List[str]:
        """The latest 1000 lines that functions and programs of the file have printed."""
        return list(self._output.printed)

    @property
    def messages(self) -> List[str]:
        """The latest 1000 lines on standard error: warnings and errors."""
        return list(self._output.messages)

    def follow(self, parts: Optional[Sequence[str]] = None) -> Iterator[Change]:
        """Yield the changes of the run until its end. See ``Study.follow``.

        The last change is ``end``, and the process of the run has ended then. It is the only change of a run that ended
        before it could be followed. Raises EnsembleError for a process that was killed.
        """
        state = State()
        if self._id:
            for change in self._changes(state, parts):
                if change.kind == "end":
                    self.wait()
                    yield change
                    return
                yield change
        ensemble = self._ensemble_at_end(self.wait(), state.ensemble or self._last)
        state.take("end", ensemble)
        yield Change("end", ensemble, state)

    def _ensemble_at_end(self, result: Result, last: Mapping[str, Any]) -> Dict[str, Any]:
        """Return the run as it ended, for a stream that was cut before its end."""
        counts: Dict[str, int] = {}
        for group in result.groups.values():
            for name, number in group["count"].items():
                counts[name] = counts.get(name, 0) + number
        end = {"end": result.end, "error": result.error or "", "by": ""}
        return {**last, "status": "ended", "counts": counts, "end": end}

    def _goes_on(self) -> bool:
        return self.running

    def _ended(self, error: EnsembleError) -> KeptRun:
        if self._kept is None and error.code == "ERR_SERVICE_UNREACHABLE":
            # Its summary names the folder.
            self.wait()
        return super()._ended(error)

    def wait(self, timeout: Optional[float] = None) -> Result:
        """Wait for the end of the run, and return its result.

        ``timeout`` is in seconds; TimeoutError is raised after it, and the run goes on. Raises EnsembleError for a run
        that could not begin, or whose process was killed.
        """
        if self._result is None:
            try:
                status = self._process.wait(timeout)
            except subprocess.TimeoutExpired:
                raise TimeoutError(f"the run goes on after {timeout} seconds") from None
            self._output.join()
            self._result = self._result_of(status)
        return self._result

    def _result_of(self, status: int) -> Result:
        summary = self._output.summary
        if summary is None:
            raise self._failure()
        folder = summary["runFolder"]
        if folder is not None:
            self._keep(os.path.basename(folder))
        error = summary["error"]
        return Result(
            end=summary["end"],
            exit_status=status,
            seconds=summary["seconds"],
            failed_jobs=summary["failedJobs"],
            error=None if error is None else error["message"],
            groups=summary["groups"],
            metrics=summary["metrics"],
            run_folder=folder,
            summary=summary,
        )

    def interrupt(self) -> None:
        """Interrupt the run: its active jobs are canceled. A second call kills them at once.

        ``resume_run`` can go on with the run. A run that has ended is left as it is.
        """
        if self.running:
            self._process.send_signal(signal.SIGINT)

    def detach(self) -> None:
        """Let the run go on after the end of this Python process. ``attach`` reaches it then."""
        _started.discard(self)

    def __enter__(self) -> StartedStudy:
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        if kind is not None:
            self.interrupt()
        try:
            self._process.wait()
        except KeyboardInterrupt:
            self.interrupt()
            self._process.wait()
            raise
        if kind is None:
            self.wait()


@atexit.register
def _end_all() -> None:
    """Interrupt the runs that go on, and wait for the end of their jobs."""
    left = [study for study in _started if study.running]
    for study in left:
        study.interrupt()
    for study in left:
        try:
            study._process.wait(_PATIENCE_AT_EXIT)
        except subprocess.TimeoutExpired:
            study.interrupt()


def run(
    file: "str | os.PathLike[str]",
    *,
    name: Optional[str] = None,
    executor: Optional[str] = None,
    slots: Optional[int] = None,
    watch: bool = False,
    record: Folder = None,
    results: Folder = None,
    state: Folder = None,
    options: Sequence[str] = (),
    program: Program = None,
    cwd: Folder = None,
    env: Optional[Mapping[str, str]] = None,
) -> StartedStudy:
    """Start ``ensemble run FILE``, and return when it can be followed and steered.

    ``executor`` is the member that runs the jobs (``local``, ``flux``, ``slurm``), ``slots`` the cores of the local one.
    With ``watch``, the run goes on when nothing is left to do. ``record`` is the file of a recording, ``results`` one for
    all jobs at the end, ``state`` the folder in which runs are kept. ``options`` are further ones of the command.
    ``program`` is the path of ``ensemble``; by default it is ``$FLUX_ENSEMBLE`` or ``ensemble`` on ``PATH``. ``cwd`` is
    the working directory of the jobs, and ``env`` their environment; by default both are those of this process.

    Raises EnsembleError: ``ERR_CONFIG`` for an invalid file, ``ERR_FILE`` for one that can't be read, ``ERR_COMMAND``
    where the program is missing.
    """
    args = ["run", os.path.abspath(os.fspath(file)), "--json", "--http", *state_options(state)]
    for option, value in (("name", name), ("executor", executor), ("slots", slots)):
        if value is not None:
            args.append(f"--{option}={value}")
    for option, path in (("record", record), ("results", results)):
        if path is not None:
            args.append(f"--{option}={os.path.abspath(os.fspath(path))}")
    if watch:
        args.append("--watch")
    return _start([*args, *options], state=state, program=program, cwd=cwd, env=env)


def resume_run(
    wanted: Optional[str] = None,
    *,
    watch: bool = False,
    state: Folder = None,
    options: Sequence[str] = (),
    program: Program = None,
    env: Optional[Mapping[str, str]] = None,
) -> StartedStudy:
    """Go on with a run that was interrupted, or whose process died, as ``ensemble resume``.

    ``wanted`` is its id, name or folder; the latest run that was started in the present folder by default. The other
    arguments are those of ``run``. Raises EnsembleError ``ERR_RUN`` for a run that can't be resumed.
    """
    args = ["resume", *([] if wanted is None else [wanted]), "--json", "--http", *state_options(state)]
    if watch:
        args.append("--watch")
    return _start([*args, *options], state=state, program=program, cwd=None, env=env)


def _start(
    args: Sequence[str], *, state: Folder, program: Program, cwd: Folder, env: Optional[Mapping[str, str]]
) -> StartedStudy:
    process = subprocess.Popen(
        [*find_program(program), *args],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=cwd,
        env=env,
        # The interrupt of a cell in a notebook is not one of the run.
        start_new_session=True,
    )
    return StartedStudy(process, {"state": state, "program": program, "env": env})
