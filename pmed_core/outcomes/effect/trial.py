"""The target trial that a comparison of options stands for (Hernán & Robins, Am J Epidemiol 2016),
as its author describes it."""

from __future__ import annotations

from dataclasses import dataclass

from pmed_core.bounds import Words
from pmed_core.settings import NOT_STATED


@dataclass(frozen=True)
class Trial:
    """What nobody can read from a table.

    Attributes:
        eligibility: which patients it is about.
        time_zero: when a patient is eligible, treatment is decided, and follow-up begins.
        follow_up: until when, and how the outcome is ascertained.
    """

    eligibility: Words = ""
    time_zero: Words = ""
    follow_up: Words = ""

    @property
    def stated(self) -> bool:
        """Whether nothing is left out."""
        return all((self.eligibility, self.time_zero, self.follow_up))

    @property
    def sentence(self) -> str:
        """All of it, as it stands beside a result."""
        each = (
            ("eligible", self.eligibility), ("time zero", self.time_zero),
            ("follow-up", self.follow_up),
        )  # fmt: skip
        return f"Target trial: {'; '.join(f'{name}: {text or NOT_STATED}' for name, text in each)}."
