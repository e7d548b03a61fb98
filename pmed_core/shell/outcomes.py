"""What may be typed of an outcome, and the outcome that it makes."""

from __future__ import annotations

from argparse import Namespace
from typing import Any, get_args

from pmed_core.errors import UserError
from pmed_core.outcomes import Outcome


def flags(fit: Any) -> None:
    """The flags of every kind of outcome."""
    fit.add_argument(
        "--outcome", metavar="COL", nargs="+", help="the column of a table to predict; several "
        "columns that say yes or no are predicted together",
    )  # fmt: skip
    for kind in get_args(Outcome):
        kind.flags(fit)
    horizons(fit, "times at which risks are stated (default: chosen from the data)")


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
    made = [one for kind in get_args(Outcome) if (one := kind.typed(given)) is not None]
    if len(made) > 1:
        raise UserError(
            "The outcome is described in two ways", "fit",
            "Choose one: a time (--time), a number (--number), or several columns.",
        )  # fmt: skip
    return made[0] if made else str(given.outcome[0])
