"""Errors of this package: one class, with a stable code."""

from __future__ import annotations

import json
import re
from typing import Any, List, Mapping, Optional, Sequence


class EnsembleError(Exception):
    """An error of a run, of its HTTP API, or of the program ``ensemble``.

    ``code`` is stable. Codes of the HTTP API are in docs/http.md (``ERR_NOT_FOUND``, ``ERR_ACTION``), those of the
    program in its messages (``ERR_CONFIG``, ``ERR_FILE``, ``ERR_RUN``). ``ERR_COMMAND`` is a program that is missing, or
    that failed without a code; ``ERR_SERVICE_UNREACHABLE`` a socket without an answer.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        status: Optional[int] = None,
        exit_status: Optional[int] = None,
        faults: Sequence[Mapping[str, str]] = (),
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        """The status of an answer over HTTP; None for other errors."""
        self.exit_status = exit_status
        """The exit status of the program; None for other errors, and negative for a signal."""
        self.faults: List[Mapping[str, str]] = list(faults)
        """All faults of an invalid request, each with ``path`` and ``message``."""

    def __str__(self) -> str:
        return f"{self.message} [{self.code}]"


def problem_of(status: int, body: bytes) -> EnsembleError:
    """Return the error of an answer over HTTP (RFC 9457, ``application/problem+json``)."""
    try:
        problem: Any = json.loads(body)
        code, detail = problem["code"], problem["detail"]
    except (ValueError, KeyError, TypeError):
        # An answer of another program has no problem in JSON. Its status is enough.
        return EnsembleError("ERR_STATUS", f"the server answered with the status {status}", status=status)
    return EnsembleError(code, detail, status=status, faults=problem.get("faults", ()))


_CODE = re.compile(r"\s*\[(ERR_[A-Z_]+)\]\s*$")
_PLACE = re.compile(r"^\S.*:\d+:\d+: error: ", re.MULTILINE)
_PREFIX = re.compile(r"^ensemble: error: ", re.MULTILINE)


def command_error(exit_status: int, messages: str) -> EnsembleError:
    """Return the error of a command that failed, from its exit status and its standard error."""
    if exit_status < 0:
        return EnsembleError(
            "ERR_COMMAND", f"ensemble was ended by signal {-exit_status}", exit_status=exit_status
        )
    text = messages.strip()
    found = _CODE.search(text)
    if found is not None:
        code, text = found.group(1), text[: found.start()]
    else:
        code = "ERR_CONFIG" if _PLACE.search(text) else "ERR_COMMAND"
    message = _PREFIX.sub("", text) or f"ensemble ended with status {exit_status}"
    return EnsembleError(code, message, exit_status=exit_status)
