"""What may be typed of an outcome, and the outcome that it makes."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING, Any

from pmed_core.errors import UserError

if TYPE_CHECKING:
    from pmed_core.outcomes import Arms, Number, Outcome, Several, TimeToEvent

GIVE_TIME = "Give --time COL, or two dates: --time-from COL --time-to COL."


def flags(fit: Any) -> None:
    """The flags of every kind of outcome."""
    fit.add_argument(
        "--outcome", metavar="COL", nargs="+", help="the column of a table to predict; several "
        "columns that say yes or no are predicted together",
    )  # fmt: skip
    fit.add_argument(
        "--event", dest="outcome", metavar="COL", nargs=1,
        help="the same, where --time says when it happens",
    )  # fmt: skip
    fit.add_argument(
        "--positive", metavar="VALUE", nargs="+", action="extend", default=[],
        help="values of the outcome that count as the event; '*' keeps them all as classes",
    )  # fmt: skip
    fit.add_argument(
        "--number", action="store_true", help="predict the outcome as a number, in its unit; so is "
        "one of more than 20 different numbers",
    )  # fmt: skip
    _in_time(fit)
    horizons(fit, "times at which risks are stated (default: chosen from the data)")
    _compared(fit)


def _compared(fit: Any) -> None:
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


def _in_time(fit: Any) -> None:
    fit.add_argument(
        "--time", metavar="COL", help="the column with the time to the event, or to when the "
        "patient was last seen: prognosis",
    )  # fmt: skip
    fit.add_argument("--time-from", metavar="COL", help="the date from which time is counted")
    fit.add_argument(
        "--time-to", metavar="COL",
        help="the date of the event, or on which the patient was last seen",
    )  # fmt: skip
    fit.add_argument(
        "--unit", metavar="UNIT", default="", help="of time: days, weeks, months or years"
    )
    fit.add_argument(
        "--entry", metavar="COL", help="when a patient came into view, as a time or a date: at "
        "risk from then on (left truncation)",
    )  # fmt: skip
    fit.add_argument(
        "--competing", metavar="VALUE", nargs="+", action="extend", default=[],
        help="values of the outcome that are another event, after which this one cannot happen",
    )  # fmt: skip


def horizons(command: Any, purpose: str) -> None:
    """Times at which risks are stated."""
    command.add_argument(
        "--horizon", metavar="TIME", nargs="+", type=float, action="extend", default=[],
        help=f"of a time to event: {purpose}",
    )  # fmt: skip


def asked(given: Namespace) -> Outcome | str:
    """The outcome that was typed, or its column where nothing else was said of it; raises
    ``UserError``."""
    if not given.outcome:
        raise UserError("No outcome is given", "fit", "Name the column: --outcome COL.")
    made = [one for one in (_time_to_event(given), _number(given), _several(given)) if one]
    if len(made) > 1:
        raise UserError(
            "The outcome is described in two ways", "fit",
            "Choose one: a time (--time), a number (--number), or several columns.",
        )  # fmt: skip
    return made[0] if made else str(given.outcome[0])


def treatment(given: Namespace) -> Arms | None:
    """The options that are compared, where a treatment was typed; raises ``UserError``."""
    from pmed_core.outcomes import Arms

    randomised = given.randomised is not None
    if not given.treatment:
        if any(
            (
                randomised,
                given.observed,
                given.reference,
                given.better,
                given.restricted_mean,
                given.negative_control,
            )
        ):
            raise UserError("No treatment is named", "fit", "Name its column: --treatment COL.")
        return None
    if randomised == given.observed:
        raise UserError(
            "It is not said how patients came by their treatment" if not randomised
            else "The treatment cannot be both randomised and observed", "fit",
            "Say --randomised (with the probabilities of the options, unless they are even), or "
            "--observed where somebody chose it.",
        )  # fmt: skip
    return Arms(
        given.treatment, reference=given.reference, randomised=randomised,
        probability=tuple(given.randomised or ()), better=given.better,
        restricted_mean=given.restricted_mean, controls=tuple(given.negative_control),
    )  # fmt: skip


def _time_to_event(given: Namespace) -> TimeToEvent | None:
    from pmed_core.outcomes import TimeToEvent

    if bool(given.time_from) != bool(given.time_to) or (given.time and given.time_to):
        raise UserError("The time is given only in part, or twice", "fit", GIVE_TIME)
    time = given.time or given.time_to
    if time:
        return TimeToEvent(
            given.outcome[0], time, tuple(given.positive), competing=tuple(given.competing),
            unit=given.unit, since=given.time_from or "", entry=given.entry or "",
            horizons=tuple(sorted(set(given.horizon))),
        )  # fmt: skip
    if given.unit or given.entry or given.competing or given.horizon:
        raise UserError("No time is given", "fit", GIVE_TIME)
    return None


def _number(given: Namespace) -> Number | None:
    from pmed_core.outcomes import Number

    if given.number and given.positive:
        raise UserError(
            "A number has no values that are the event", "fit", "Leave out --positive, or --number."
        )
    return Number(given.outcome[0]) if given.number else None


def _several(given: Namespace) -> Several | None:
    from pmed_core.outcomes import Several, YesNo

    if len(given.outcome) == 1:
        return None
    return Several(tuple(YesNo(name, tuple(given.positive)) for name in given.outcome))
