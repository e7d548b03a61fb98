"""Which values of an outcome are the event, which are not, and which tell nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import pandas as pd

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.event_words import denies, event_of, left_view, meanings, translated
from pmed_core.outcomes import Classes, Outcome, YesNo
from pmed_core.outcomes.events import VALUES_AT_MOST
from pmed_core.reading import Choices, Decision

__all__ = ["KEEP_CLASSES", "Found", "asked", "chosen", "event_of", "in_the_models_words"]

KEEP_CLASSES = "*"
"""As the only positive value: predict every value of the outcome as a class of its own."""

SHOWN = 6
EVENT = "event"


@dataclass(frozen=True)
class Found:
    """What stands in the column of an outcome.

    Attributes:
        column: its name.
        counts: value -> rows, in the order of display.
        where: file and column, for messages.
        who: "patient" or "scan".
        names: value -> what it stands for, where the file or a person says so.
        timed: it is told when the event happened, or when the patient was last seen.
    """

    column: str
    counts: Mapping[str, int]
    where: str
    who: str = "patient"
    names: Mapping[str, str] = field(default_factory=dict)
    timed: bool = False

    @property
    def words(self) -> tuple[str, ...]:
        """Each value by what it stands for."""
        named = tuple(self.names.get(value) or value for value in self.counts)
        return named if len(set(named)) == len(named) else tuple(self.counts)

    def listed(self, values: Sequence[str]) -> str:
        """``'yes' (98), 'no' (206)``"""
        shown = [f"{self._shown(value)} ({self.counts[value]:,})" for value in values[:SHOWN]]
        return ", ".join(shown) + " …" * (len(values) > SHOWN)

    def _shown(self, value: str) -> str:
        name = self.names.get(value, "")
        return f"'{value}' = {name}" if name else f"'{value}'"

    def rows(self, values: Sequence[str]) -> int:
        """How many rows hold one of the values."""
        return sum(self.counts[value] for value in values)


def asked(choices: Choices, column: str, values: Sequence[str]) -> tuple[str, ...]:
    """What a user wrote as ``event:COLUMN``: a value, several with " or " between, or "*"."""
    given = choices.get(f"{EVENT}:{column}", "")
    if not given or given in values or given == KEEP_CLASSES:
        return (given,) if given else ()
    return tuple(given.split(" or "))


def chosen(found: Found, positive: Sequence[str]) -> tuple[YesNo | Classes, Decision]:
    """The outcome, and the entry of the account that says what counts as what.

    Two values need no choice where their words tell. Raises ``UserError`` where they do not, and
    where what was chosen is not among the values.
    """
    values = tuple(found.counts)
    if tuple(positive) == (KEEP_CLASSES,):
        return _classes(found)
    why = ""
    if positive:
        events = _among(tuple(positive), found)
    elif len(values) > 2:
        raise UserError(
            f"The outcome has {len(values)} values: {found.listed(values)}", found.where,
            "Choose which of them count as the event (--positive VALUE …), or keep them as "
            f"classes (--positive '*'){_or_a_number(values)}.",
        )  # fmt: skip
    else:
        told = event_of(found.words)
        if told is None:
            raise _unclear(found)
        events, why = (values[found.words.index(told[0])],), told[1]
    return _yes_no(found, events, why)


def ask_whether_denied(found: Found) -> None:
    """Raise ``UserError`` where 1 may well say that a patient was censored, or is alive."""
    if denies(found.column, found.words):
        values = tuple(found.counts)
        raise UserError(
            f"'{found.column}' holds {found.listed(values)}: its name does not say which of them "
            "is the event, and which that the patient was last seen without it", found.where,
            f"Say which is the event: {' or '.join(f'--positive {v!r}' for v in values[:2])}.",
        )  # fmt: skip


def everybody(found: Found, positive: Sequence[str]) -> tuple[YesNo, Decision]:
    """The same where everybody has the same value, which must be the event: a time to it is known
    of each. Raises ``UserError`` where that value is not known to be the event."""
    (value,) = found.counts
    told = meanings(found.words)[0]
    if positive and tuple(map(_canonical, positive)) != (value,):
        _among(tuple(positive), found)
    if not positive and told != "event":
        said = "which says that it did not happen" if told else "which does not say what happened"
        raise UserError(
            f"The outcome of every {found.who} is '{value}', {said}", found.where,
            "Choose another column as the outcome." if told
            else f"Choose another column, or say that it is the event: --positive '{value}'.",
        )  # fmt: skip
    sentence = (
        f"{found.listed([value])} counts as the event of '{found.column}': nobody is without."
    )
    return YesNo(found.column, (value,)), Decision(
        EVENT, value, sentence, found.column, found.rows([value]), ((value, "the event"),), (value,)
    )


def _or_a_number(values: Sequence[str]) -> str:
    numbers = pd.to_numeric(pd.Series(values), errors="coerce").notna().all()
    return ", or predict a number (--number)" if numbers else ""


def _classes(found: Found) -> tuple[YesNo | Classes, Decision]:
    values = tuple(found.counts)
    if not 3 <= len(values) <= VALUES_AT_MOST:
        raise UserError(
            f"The outcome has {len(values)} values; 3 to {VALUES_AT_MOST} can be classes",
            found.where, "Choose which values count as the event instead.",
        )  # fmt: skip
    sentence = f"Each value of '{found.column}' is a class: {found.listed(values)}."
    return Classes(found.column, values), Decision(
        EVENT, KEEP_CLASSES, sentence, found.column, found.rows(values), options=values
    )


def _unclear(found: Found) -> UserError:
    values = tuple(found.counts)
    unknown = [
        v for v, told in zip(values, meanings(found.words), strict=True) if told == "unknown"
    ]
    if unknown:
        known = [value for value in values if value not in unknown]
        return UserError(
            f"The outcome has the values {found.listed(values)}, and '{unknown[0]}' means that it "
            f"is not known, so that all whose outcome is known have '{''.join(known[:1])}'",
            found.where, "Write what happened instead, or choose another column as the outcome.",
        )  # fmt: skip
    return UserError(
        f"The outcome has the values {found.listed(values)}, and their words do not say which is "
        "the event", found.where,
        f"Say which it is: --positive '{values[0]}' or --positive '{values[1]}'.",
    )  # fmt: skip


def _among(positive: tuple[str, ...], found: Found) -> tuple[str, ...]:
    canonical = tuple(dict.fromkeys(_canonical(value) for value in positive))
    for value in canonical:
        if value not in found.counts:
            listed = ", ".join(list(found.counts)[:10])
            raise UserError(
                f"The outcome has no value '{value}'", found.where, f"It has: {listed}."
            )
    if set(canonical) == set(found.counts):
        raise UserError(
            "Every value of the outcome counts as the event", found.where,
            "Leave at least one out.",
        )  # fmt: skip
    return canonical


def _canonical(value: str) -> str:
    """As cells are read: "1.0" is "1"."""
    whole, point, fraction = value.strip().partition(".")
    return whole if point and fraction and not fraction.strip("0") else value.strip()


def _yes_no(found: Found, events: tuple[str, ...], why: str) -> tuple[YesNo | Classes, Decision]:
    """Whatever is no event and says that nobody knows is neither."""
    values = tuple(found.counts)
    told = dict(zip(values, meanings(found.words), strict=True))
    others = [value for value in values if value not in events]
    unknown = [
        value for value, words in zip(values, found.words, strict=True)
        if value in others and told[value] == "unknown" and not (found.timed and left_view(words))
    ]  # fmt: skip
    rest = tuple(value for value in others if value not in unknown)
    if not rest:
        raise UserError(
            f"No value of the outcome says that the event did not happen: "
            f"{found.listed(unknown)} means that it is not known", found.where,
            "Write what happened instead, or choose another column as the outcome.",
        )  # fmt: skip
    reason = f", because {why}" if why else ""
    none = "last seen without it" if found.timed else "no event"
    sentence = (
        f"{found.listed(events)} counts as the event of '{found.column}'{reason}; "
        f"{found.listed(rest)} as {none}."
    )
    if unknown:
        sentence += f" {found.listed(unknown)} is not known and not used."
    examples = ((events[0], "the event"), (rest[0], none))
    return YesNo(found.column, events, negative=rest), Decision(
        EVENT, " or ".join(events), sentence, found.column, found.rows(values), examples, values
    )


def in_the_models_words(cohort: Cohort, outcome: Outcome) -> Cohort:
    """New patients whose outcome is written as in training, where it means the same.

    What means none of the model's values stays as it is, is not evaluated, and is counted. Raises
    ``UserError`` where the file has an outcome, but none of the model's values.
    """
    for one in outcome.each:
        words = outcome if len(outcome.each) == 1 else one
        cohort = _in_words(cohort, words)
    return cohort


def _in_words(cohort: Cohort, outcome: Outcome) -> Cohort:
    if outcome.column not in cohort.table.columns:
        return cohort
    cells = cohort.table[outcome.column]
    counts = cells.dropna().astype("str").value_counts()
    if not len(counts):
        return cohort
    known, words = _words_of(outcome, tuple(counts.index))
    if not words:
        shown = ", ".join(f"'{value}'" for value in list(counts.index)[:SHOWN])
        raise UserError(
            f"The outcome has the values {shown}; the model was trained on "
            f"{', '.join(repr(value) for value in known)}",
            f"{cohort.name}, column '{outcome.column}'",
            "Write the outcome as in training, or leave the column out to predict only.",
        )  # fmt: skip
    notes, decision = _said(outcome.column, words, counts)
    unsaid = _unsaid(outcome)
    named = cells.map(
        lambda value: words.get(str(value), None if unsaid else value), na_action="ignore"
    )
    table = cohort.table.assign(**{outcome.column: named.astype("str")})
    reading = (*cohort.reading, decision) if decision else cohort.reading
    return replace(cohort, table=table, notes=(*cohort.notes, *notes), reading=reading)


def _words_of(outcome: Outcome, values: tuple[str, ...]) -> tuple[tuple[str, ...], dict[str, str]]:
    """The model's values, and for each of the file's which of them it is."""
    known = outcome.spellings
    words = translated(values, *known)
    if _unsaid(outcome):
        told = dict(zip(values, meanings(values), strict=True))
        words |= {v: v for v in values if v not in words and told[v] != "unknown"}
    return (*known[0], *known[1]), words


def _unsaid(outcome: Outcome) -> bool:
    """Whether it does not say what no event is called, as everybody had it in training (or the
    model is of before): then whatever is known and not the event."""
    return (outcome.of_one_event or outcome.in_time) and not outcome.spellings[1]


def _said(
    column: str, words: Mapping[str, str], counts: pd.Series[int]
) -> tuple[list[str], Decision | None]:
    notes, decision = [], None
    changed = {value: word for value, word in words.items() if value != word}
    if changed:
        shown = ", ".join(f"'{value}' as '{word}'" for value, word in list(changed.items())[:SHOWN])
        sentence = f"The outcome '{column}' is written otherwise than in training: {shown}."
        cells = sum(int(counts[value]) for value in changed)
        notes.append(sentence)
        pairs = tuple(list(changed.items())[:2])
        decision = Decision("spelling", shown, sentence, column, cells, pairs)
    strange = [value for value in counts.index if value not in words]
    if strange:
        rows = sum(int(counts[value]) for value in strange)
        shown = ", ".join(f"'{value}' ({counts[value]:,})" for value in strange[:SHOWN])
        notes.append(
            f"{rows:,} of {int(counts.sum()):,} outcomes are none of the values that the model was "
            f"trained on and are not evaluated: {shown}{' …' * (len(strange) > SHOWN)}."
        )
    return notes, decision
