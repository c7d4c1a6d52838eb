"""The state of one run, which its changes keep up to date."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any, Deque, Dict, Mapping

KEPT = 200
"""Firings and problems that are kept, as the API keeps them."""


class State:
    """The latest state of a run. Its resources have the form of the HTTP API (``openapi.json``)."""

    def __init__(self) -> None:
        self.ensemble: Dict[str, Any] = {}
        """The run: ``status``, ``counts``, ``size``, ``state``, ``end`` and more."""
        self.groups: Dict[str, Dict[str, Any]] = {}
        """Counts and statistics by group."""
        self.rules: Dict[int, Dict[str, Any]] = {}
        """Rules by index."""
        self.failures: Dict[str, Dict[str, Any]] = {}
        """The reasons of failed jobs by group."""
        self.metrics: Dict[str, Any] = {}
        """The metrics that rules name and that no group has."""
        self.firings: Deque[Dict[str, Any]] = deque(maxlen=KEPT)
        """The latest firings, oldest first."""
        self.problems: Deque[Dict[str, Any]] = deque(maxlen=KEPT)
        """The latest problems, oldest first."""

    @property
    def status(self) -> str:
        """``starting``, ``running``, ``paused``, ``ending``, ``ended`` or ``lost``."""
        return str(self.ensemble.get("status", "starting"))

    @property
    def counts(self) -> Mapping[str, int]:
        """Numbers of jobs over all groups: ``submitted``, ``success``, ``failed``, ``running`` and more."""
        counts: Mapping[str, int] = self.ensemble.get("counts", {})
        return counts

    @property
    def ended(self) -> bool:
        """Whether the run has come to its end."""
        return self.ensemble.get("end") is not None

    def take(self, kind: str, data: Dict[str, Any]) -> None:
        """Take one event of the stream."""
        if kind == "state":
            for part in (self.groups, self.rules, self.failures, self.metrics, self.firings, self.problems):
                part.clear()
            self._change(data)
            self.firings.extend(data.get("firings", ()))
            self.problems.extend(data.get("problems", ()))
        elif kind == "change":
            self._change(data)
        elif kind == "firing":
            self.firings.append(data)
        elif kind == "problem":
            self.problems.append(data)
        elif kind == "end":
            self.ensemble = data

    def _change(self, data: Dict[str, Any]) -> None:
        self.ensemble = data["ensemble"]
        self.groups.update((group["name"], group) for group in data.get("groups", ()))
        self.rules.update((rule["rule"], rule) for rule in data.get("rules", ()))
        self.failures.update((each["group"], each) for each in data.get("failures", ()))
        self.metrics.update(data.get("metrics", {}))


@dataclass(frozen=True)
class Change:
    """One change of a run. ``str(change)`` is a line for people."""

    kind: str
    """``state`` (the first one), ``change``, ``firing``, ``problem`` or ``end``."""
    data: Dict[str, Any]
    """The message of the API: what has changed, in full."""
    state: State
    """The whole state after the change. The next change updates it."""

    @property
    def counts(self) -> Mapping[str, int]:
        """Numbers of jobs over all groups after the change."""
        return self.state.counts

    def __str__(self) -> str:
        data = self.data
        if self.kind == "firing":
            label = f" {data['label']}" if data.get("label") else ""
            return f"{data['name']}: {data['action']}{label}"
        if self.kind == "problem":
            return f"{data['code']}: {data['message']}"
        end = self.state.ensemble.get("end")
        status = self.state.status if end is None else end["end"]
        return f"{status}: {_jobs(self.counts)}"


def _jobs(counts: Mapping[str, int]) -> str:
    number = counts.get
    ended = number("success", 0) + number("failed", 0) + number("canceled", 0)
    active = number("running", 0) + number("pending", 0)
    total = max(number("submitted", 0), ended + active) + number("queued", 0)
    done = total - active - number("queued", 0)
    return f"{done} of {total} jobs done, {number('failed', 0)} failed, {number('running', 0)} running"
