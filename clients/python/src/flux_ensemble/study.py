"""A run that goes on: its resources, its changes, and actions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, Iterator, Mapping, Optional, Sequence, Union

from .errors import EnsembleError
from .events import follow_events
from .kept import KeptRun, Names, names_of
from .state import Change, State
from .table import Table
from .transport import Transport, path_of

Value = Union[str, int, float, bool]

_PAGE = 1000
_PIECE = 1 << 20
_PARTIAL = 206


@dataclass(frozen=True)
class Outcome:
    """The result of an action."""

    id: str
    """Id of the run that did it."""
    text: str
    """The performed action in words."""
    before: Optional[int]
    """Slots or nodes before ``grow`` and ``shrink``; None for other actions."""
    after: Optional[int]


class Study:
    """A run that is reached over the Unix socket of its HTTP API.

    All methods raise EnsembleError: with the code of the API for a refusal, and ``ERR_SERVICE_UNREACHABLE`` without an
    answer. Resources are dictionaries in the form of the API.
    """

    def __init__(self, transport: Transport, ensemble: str, kept: Optional[KeptRun] = None) -> None:
        self._transport = transport
        self._id = ensemble
        self._kept = kept

    @property
    def id(self) -> str:
        """The unique id of the run; its jobs carry it in ``attributes.user.ensemble``."""
        return self._id

    @property
    def socket_path(self) -> str:
        """The path of the Unix socket."""
        return self._transport.socket_path

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._id or '(not reached)'} on {self.socket_path}>"

    # Resources.

    def get(self, *parts: str, **query: Union[str, int, float, None]) -> Any:
        """Return any resource of the run: ``study.get("timeline", parts=100)``."""
        return self._transport.get(path_of("ensembles", self.id, *parts), query)

    def ensemble(self) -> Dict[str, Any]:
        """Return the run: ``status``, ``counts``, ``size``, ``end`` and more."""
        answer: Dict[str, Any] = self.get()
        return answer

    def groups(self) -> Dict[str, Dict[str, Any]]:
        """Return counts and statistics of each group, by name."""
        found: Dict[str, Dict[str, Any]] = {}
        cursor: Optional[str] = None
        while True:
            page = self.get("groups", limit=_PAGE, cursor=cursor)
            found.update((group["name"], group) for group in page["groups"])
            cursor = page["next"]
            if cursor is None:
                return found

    def rules(self) -> Table:
        """Return the rules with their states and present values."""
        return Table(self.get("rules")["rules"])

    def firings(self) -> Table:
        """Return the latest 200 firings, oldest first."""
        return Table(self.get("firings")["firings"])

    def problems(self) -> Table:
        """Return the latest 200 problems, oldest first."""
        return Table(self.get("problems")["problems"])

    def failures(self) -> Table:
        """Return why jobs failed, by group."""
        return Table(self.get("failures")["failures"])

    def histograms(self, group: str, buckets: Optional[int] = None) -> Dict[str, Any]:
        """Return the distributions of ``duration`` and ``pending`` of a group, in seconds."""
        answer: Dict[str, Any] = self.get("groups", group, "histograms", buckets=buckets)
        return answer

    def file(self) -> str:
        """Return the text of the file of the run."""
        return self._transport.read("GET", path_of("ensembles", self.id, "file"))[1].decode()

    # Jobs.

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
        """Return the jobs; all of them by default. Times are seconds since the epoch, and None is unknown.

        ``where`` is an expression: ``"duration > 1h and parameters.T >= 400"``. ``sort`` is a column: ``"duration:desc"``.
        A run that has ended is read from its folder.
        """
        selected: Dict[str, Any] = {
            "group": ",".join(names_of(group)) or None,
            "result": ",".join(names_of(result)) or None,
            "where": where,
            "sort": sort,
            "columns": ",".join(names_of(columns)) or None,
        }
        try:
            return self._listed(selected, limit)
        except EnsembleError as error:
            kept = self._ended(error)
            return kept.jobs(group=group, result=result, where=where, sort=sort, columns=columns, limit=limit)

    def _listed(self, query: Mapping[str, Any], limit: Optional[int]) -> Table:
        found = Table()
        cursor: Optional[str] = None
        while limit is None or len(found) < limit:
            most = _PAGE if limit is None else min(_PAGE, limit - len(found))
            page = self.get("jobs", **query, limit=most, cursor=cursor)
            found.extend(page["jobs"])
            cursor = page["next"]
            if cursor is None:
                break
        return found

    def job(self, job: str) -> Dict[str, Any]:
        """Return one job by its id: its latest attempt, under ``job``, and the files of its output."""
        answer: Dict[str, Any] = self.get("jobs", job)
        return answer

    def output(self, job: str, *, stream: str = "output", tail: Optional[int] = None) -> str:
        """Return the standard output of a job, or its standard error with ``stream="error"``.

        ``tail`` is a number of bytes: only the last ones are returned. A job that has printed nothing has an empty text.
        """
        try:
            return self._output_of(job, stream, tail).decode("utf-8", "replace")
        except EnsembleError as error:
            if error.code == "ERR_NOT_FOUND":
                # The error of an unknown job is raised here. A job that has printed nothing may have no file.
                file = self.job(job)[stream]
                if file is None or file["bytes"] is None:
                    return ""
                raise
            kept = self._ended(error)
            if stream != "output":
                message = f"the run has ended; the column 'error' of jobs() names the file of job {job}"
                raise EnsembleError("ERR_RUN", message) from error
            text = kept.output(job)
            return text if tail is None else text.encode()[-tail:].decode("utf-8", "replace")

    def _output_of(self, job: str, stream: str, tail: Optional[int]) -> bytes:
        path = path_of("ensembles", self.id, "jobs", job, "output")
        if tail is not None:
            return self._transport.read("GET", path, query={"stream": stream, "tail": tail})[1]
        pieces = bytearray()
        while True:
            headers = {"Range": f"bytes={len(pieces)}-{len(pieces) + _PIECE - 1}"} if pieces else {}
            response, piece = self._transport.read("GET", path, query={"stream": stream}, headers=headers)
            pieces += piece
            size = (response.getheader("Content-Range") or "").rpartition("/")[2]
            if response.status != _PARTIAL or not piece or len(pieces) >= int(size):
                return bytes(pieces)

    def _ended(self, error: EnsembleError) -> KeptRun:
        """Return the folder of a run that does not answer any more. Raises the error for any other one."""
        if error.code not in ("ERR_SERVICE_UNREACHABLE", "ERR_UNAVAILABLE") or self._kept is None:
            raise error
        return self._kept

    # Changes.

    def follow(self, parts: Optional[Sequence[str]] = None) -> Iterator[Change]:
        """Yield the changes of the run until its end, at most four times a second.

        The first change is ``state`` and has everything, the last one is ``end``. Between them are ``change``, ``firing``
        and ``problem``. With ``parts``, only these come: ``groups``, ``rules``, ``failures``, ``metrics``, ``firings``,
        ``problems``. A cut connection is opened again. Raises EnsembleError ``ERR_RUN`` for a run whose process has died.
        """
        state = State()
        yield from self._changes(state, parts)
        if not state.ended:
            raise EnsembleError("ERR_RUN", f"run {self.id} does not answer any more; runs() shows its state")

    def _changes(self, state: State, parts: Optional[Sequence[str]]) -> Iterator[Change]:
        """Yield the changes, each of which ``state`` takes. They end early where the process of the run is gone."""
        for kind, data in follow_events(self._transport, self.id, parts, self._goes_on):
            state.take(kind, data)
            yield Change(kind, data, state)

    def _goes_on(self) -> bool:
        """Whether the run may answer again. The socket of a service may come again; that of a run does not."""
        return self._kept is None or self._transport.listens()

    # Actions.

    def act(
        self,
        name: str,
        label: Optional[str] = None,
        *,
        job: Optional[str] = None,
        value: Optional[int] = None,
        parameters: Optional[Mapping[str, Value]] = None,
    ) -> Outcome:
        """Perform an action, as ``ensemble act``, and return when it is done."""
        given: Dict[str, Any] = {"label": label, "job": job, "value": value, "parameters": parameters}
        body = {"name": name, **{key: each for key, each in given.items() if each is not None}}
        answer = self._transport.post(path_of("ensembles", self.id, "actions"), body)
        return Outcome(answer["id"], answer["text"], answer["before"], answer["after"])

    def submit(
        self, group: str, count: Optional[int] = None, *, parameters: Optional[Mapping[str, Value]] = None
    ) -> Outcome:
        """Submit the jobs of a group, or ``count`` of them; ``parameters`` replace those of the group."""
        return self.act("submit", group, value=count, parameters=parameters)

    def cancel(self, group: Optional[str] = None, *, job: Optional[str] = None) -> Outcome:
        """Cancel the active jobs of a group, or one job by its id."""
        return self.act("cancel", group, job=job)

    def urgency(self, value: int, group: Optional[str] = None, *, job: Optional[str] = None) -> Outcome:
        """Set the urgency of a group's waiting jobs, or of one job."""
        return self.act("urgency", group, job=job, value=value)

    def grow(self, value: int) -> Outcome:
        """Add slots or nodes to the member."""
        return self.act("grow", value=value)

    def shrink(self, value: int) -> Outcome:
        """Remove slots or nodes of the member."""
        return self.act("shrink", value=value)

    def pause(self) -> Outcome:
        """Let the actions of rules wait. Submitted jobs go on, and the run does not end by itself."""
        return self.act("pause")

    def resume(self) -> Outcome:
        """End a pause."""
        return self.act("resume")

    def terminate(self) -> Outcome:
        """End the run: its active jobs are canceled."""
        return self.act("terminate")
