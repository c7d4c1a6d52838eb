"""Server-sent events, which go on after a cut connection."""

from __future__ import annotations

import http.client
import json
import time
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Sequence

from .errors import EnsembleError
from .transport import Transport, path_of, unreachable

SILENCE = 40.0
"""Seconds without a byte after which a connection is lost. The server sends something every 15 s."""
PATIENCE = 30.0
"""Seconds without a connection after which following fails."""
FIRST_DELAY = 0.1
LONGEST_DELAY = 5.0
_PIECE = 1 << 16
_NO_CONTENT = 204
_BUSY = ("ERR_SERVICE_UNREACHABLE", "ERR_BUSY", "ERR_UNAVAILABLE", "ERR_TIMEOUT", "ERR_STATUS")


class ServerEvent(NamedTuple):
    """One event of a stream."""

    name: str
    id: Optional[str]
    data: str


class EventParser:
    """Reads events from pieces of a stream, which may end anywhere. Comments are left out."""

    def __init__(self) -> None:
        self._rest = b""
        self._lines: List[str] = []

    def push(self, piece: bytes) -> Iterator[ServerEvent]:
        """Yield the events that end in this piece."""
        *lines, self._rest = (self._rest + piece).split(b"\n")
        for line in lines:
            text = line.rstrip(b"\r").decode("utf-8", "replace")
            if text:
                self._lines.append(text)
                continue
            event = _event(self._lines)
            self._lines = []
            if event is not None:
                yield event


def _event(lines: Sequence[str]) -> Optional[ServerEvent]:
    name, number = "message", None
    data: List[str] = []
    for line in lines:
        field, _, value = line.partition(":")
        value = value[1:] if value.startswith(" ") else value
        if field == "event":
            name = value
        elif field == "id":
            number = value
        elif field == "data":
            data.append(value)
    return ServerEvent(name, number, "\n".join(data)) if data else None


class Message(NamedTuple):
    """An event with its JSON."""

    kind: str
    data: Dict[str, Any]


def follow_events(
    transport: Transport, ensemble: str, parts: Optional[Sequence[str]], goes_on: Callable[[], bool]
) -> Iterator[Message]:
    """Yield the events of a run. The last one is ``end``, unless ``goes_on`` has said that the run's process is gone.

    A cut connection is opened again, after the last event that was seen. Raises EnsembleError: for a refusal at once,
    and ``ERR_SERVICE_UNREACHABLE`` after 30 seconds without a connection.
    """
    last_id: Optional[str] = None
    delay = FIRST_DELAY
    connected = time.monotonic()
    while True:
        try:
            for event in _read_once(transport, ensemble, parts, last_id):
                connected, delay = time.monotonic(), FIRST_DELAY
                if event is None:
                    return
                last_id = event.id or last_id
                yield Message(event.name, json.loads(event.data))
                if event.name == "end":
                    return
                # The time that the caller took is not one without a connection.
                connected = time.monotonic()
            lost = unreachable(transport.socket_path, "the connection was cut")
        except EnsembleError as error:
            if error.code not in _BUSY:
                raise
            lost = error
        if not goes_on():
            return
        if time.monotonic() - connected > PATIENCE:
            raise lost
        time.sleep(delay)
        delay = min(LONGEST_DELAY, 2 * delay)


def _read_once(
    transport: Transport, ensemble: str, parts: Optional[Sequence[str]], last_id: Optional[str]
) -> Iterator[Optional[ServerEvent]]:
    """Yield the events of one connection, and None where the run has ended and all was seen."""
    connection, response = transport.open(
        "GET",
        path_of("ensembles", ensemble, "events"),
        query={"parts": None if parts is None else ",".join(parts)},
        headers={} if last_id is None else {"Last-Event-ID": last_id},
        timeout=SILENCE,
    )
    try:
        if response.status == _NO_CONTENT:
            yield None
            return
        parser = EventParser()
        while True:
            try:
                piece = response.read1(_PIECE)
            except (OSError, http.client.HTTPException) as error:
                raise unreachable(transport.socket_path, error) from error
            if not piece:
                return
            yield from parser.push(piece)
    finally:
        connection.close()
