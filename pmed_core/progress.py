"""How long work reports what it does, and hears that it is to stop."""

from __future__ import annotations

from typing import Any, Literal, Protocol

from pmed_core.checkpoint import NOWHERE, Checkpoint

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

    def checkpoint(self, part: str, of: str) -> Checkpoint:
        """Where a part keeps how far it has come.

        ``part``: its name, which no other part of the work has; ``of``: a digest of all that it
        hangs on (``checkpoint.digest``), so that nothing else is taken for it.
        """

    def hold(self) -> None:
        """Before a result is kept; raises ``Cancelled`` where the work was given to another."""


class Silent:
    """Progress that nobody looks at."""

    def stage(self, text: str, fraction: float) -> None: ...

    def epoch(self, values: dict[str, Any]) -> None: ...

    def note(self, sentence: str) -> None: ...

    def stop(self) -> Stop:
        return ""

    def checkpoint(self, part: str, of: str) -> Checkpoint:
        return NOWHERE

    def hold(self) -> None: ...


class Relayed:
    """Progress of a part, told as that of the whole; what differs is overridden."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress

    def stage(self, text: str, fraction: float) -> None:
        self.progress.stage(text, fraction)

    def epoch(self, values: dict[str, Any]) -> None:
        self.progress.epoch(values)

    def note(self, sentence: str) -> None:
        self.progress.note(sentence)

    def stop(self) -> Stop:
        return self.progress.stop()

    def checkpoint(self, part: str, of: str) -> Checkpoint:
        return self.progress.checkpoint(part, of)

    def hold(self) -> None:
        self.progress.hold()


class Stretch(Relayed):
    """Progress of a part that takes this stretch of the whole."""

    def __init__(self, progress: Progress, start: float, end: float) -> None:
        super().__init__(progress)
        self.start, self.end = start, end

    def stage(self, text: str, fraction: float) -> None:
        self.progress.stage(text, self.start + (self.end - self.start) * fraction)


class Recorded(Relayed):
    """Progress that keeps the points of the live curves as well."""

    def __init__(self, progress: Progress) -> None:
        super().__init__(progress)
        self.epochs: list[dict[str, Any]] = []

    def epoch(self, values: dict[str, Any]) -> None:
        self.epochs.append(dict(values))
        super().epoch(values)
