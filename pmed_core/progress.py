"""How long work reports what it does, and hears that it is to stop."""

from __future__ import annotations

from typing import Any, Literal, Protocol

Stop = Literal["", "cancel", "keep"]


class Progress(Protocol):
    """How long work reports and is stopped. Implemented by the worker, the shell and tests."""

    def stage(self, text: str, fraction: float) -> None:
        """What is being done now, and how much of the whole is done (0..1)."""

    def epoch(self, values: dict[str, Any]) -> None:
        """One point of the live curves.

        ``epoch`` (from 1), and for each of ``loss``, ``accuracy``, ``auroc`` two lists
        ``training_<x>`` and ``validation_<x>`` with one number a fold (NaN once the fold stopped).
        """

    def note(self, sentence: str) -> None:
        """Something the user should know that is not an error."""

    def stop(self) -> Stop:
        """ "cancel": drop everything; "keep": stop now and keep the best epoch so far."""


class Silent:
    """Progress that nobody looks at."""

    def stage(self, text: str, fraction: float) -> None: ...

    def epoch(self, values: dict[str, Any]) -> None: ...

    def note(self, sentence: str) -> None: ...

    def stop(self) -> Stop:
        return ""
