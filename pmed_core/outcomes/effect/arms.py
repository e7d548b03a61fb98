"""The options of a treatment, and what may be typed of them."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import dataclass
from typing import Any, Literal

from pmed_core.errors import UserError
from pmed_core.outcomes.effect.trial import Trial

TARGET_TRIAL = {
    "--eligibility": "which patients it is about",
    "--time-zero": "when a patient is eligible, treatment is decided, and follow-up begins",
    "--follow-up": "until when, and how the outcome is ascertained",
}
"""What nobody can read from a table, and every result is shown with."""
Better = Literal["higher", "lower", ""]
LEAST = 20
"""Patients of an option, without whom nothing is estimated."""


@dataclass(frozen=True)
class Arms:
    """The options that are compared, and how patients came by them.

    Attributes:
        column: says which option a patient was given.
        options: its values, the reference first; settled by reading where it is empty.
        reference: the option that the others are compared with; where it is empty, words tell.
        randomised: by chance, and not by a choice.
        probability: of each option, in their order, where it was randomised; even shares where it
            is empty, and of two options the second where there is one number.
        better: whether higher or lower outcomes are; where it is empty, an event is bad and a
            higher number good.
        trial: what else there is to know of the comparison.
        restricted_mean: of an event in time the mean time without it is compared, not its risk.
        controls: columns of outcomes that no option can cause (negative controls); never inputs.
    """

    column: str
    options: tuple[str, ...] = ()
    reference: str = ""
    randomised: bool = False
    probability: tuple[float, ...] = ()
    better: Better = ""
    trial: Trial = Trial()
    restricted_mean: bool = False
    controls: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The column of the treatment, and those of negative controls."""
        return (self.column, *self.controls)

    @property
    def ends(self) -> tuple[str, ...]:
        """What the names of measures end with, one for each effect: nothing where there is one."""
        others = self.options[1:]
        return ("",) if len(others) == 1 else tuple(f"_{one}" for one in others)

    @classmethod
    def typed(cls, given: Namespace) -> Arms | None:
        """The options that are compared, where a treatment was typed in the shell; raises
        ``UserError``."""
        randomised = given.randomised is not None
        if not given.treatment:
            if randomised or any((
                given.observed, given.reference, given.better, given.restricted_mean,
                given.negative_control, given.eligibility, given.time_zero, given.follow_up,
            )):  # fmt: skip
                raise UserError("No treatment is named", "fit", "Name its column: --treatment COL.")
            return None
        if randomised == given.observed:
            raise UserError(
                "It is not said how patients came by their treatment" if not randomised
                else "The treatment cannot be both randomised and observed", "fit",
                "Say --randomised (with the probabilities of the options, unless they are even), "
                "or --observed where somebody chose it.",
            )  # fmt: skip
        return cls(
            given.treatment, reference=given.reference, randomised=randomised,
            probability=tuple(given.randomised or ()), better=given.better,
            restricted_mean=given.restricted_mean, controls=tuple(given.negative_control),
            trial=Trial(given.eligibility, given.time_zero, given.follow_up),
        )  # fmt: skip


def flags(fit: Any) -> None:
    """Of the shell."""
    fit.add_argument(
        "--treatment", metavar="COL", help="the column that says which option a patient was given: "
        "predict its effect on the outcome",
    )  # fmt: skip
    fit.add_argument(
        "--reference",
        metavar="VALUE",
        default="",
        help="the option with which the others are compared",
    )
    fit.add_argument(
        "--randomised", metavar="P", nargs="*", type=float, help="the treatment was randomised, "
        "with these probabilities: of the reference and the other options, or of two options that "
        "of the second (default: even)",
    )  # fmt: skip
    fit.add_argument(
        "--observed", action="store_true", help="the treatment was chosen, and not randomised"
    )
    fit.add_argument(
        "--better", choices=("higher", "lower"), default="", help="which outcomes are better "
        "(default: an event is bad, a higher number good)",
    )  # fmt: skip
    fit.add_argument(
        "--restricted-mean", action="store_true", help="of a time to event the mean time without "
        "it up to the horizon is compared, and not the risk by then",
    )  # fmt: skip
    fit.add_argument(
        "--negative-control", metavar="COL", nargs="+", action="extend", default=[],
        help="outcomes that the treatment cannot cause: their estimated effects tell systematic "
        "error, by which the effect is calibrated",
    )  # fmt: skip
    for flag, told in TARGET_TRIAL.items():
        fit.add_argument(flag, metavar="TEXT", default="", help=f"of the target trial: {told}")
