"""Which values are the event: of a new table, and of later patients in the model's words."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import pytest

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.outcomes import Classes, Outcome, YesNo
from pmed_core.readers.events import Found, asked, chosen, in_the_models_words
from pmed_core.variable import Kind, Role, Variable


def found(*values: str, names: dict[str, str] | None = None) -> Found:
    counts = {value: 10 + n for n, value in enumerate(values)}
    return Found("status", counts, "t.csv, column 'status'", names=names or {})


@pytest.mark.parametrize(
    ("values", "event"),
    [
        (("no", "yes"), "yes"), (("nein", "ja"), "ja"), (("non", "oui"), "oui"), (("0", "1"), "1"),
        (("Alive", "Expired"), "Expired"), (("negative", "positive"), "positive"),
        (("False", "True"), "True"), (("normal", "non-normal"), "non-normal"),
        (("non-COVID", "COVID"), "COVID"), (("without_tb", "tb"), "tb"),
        (("disease free", "relapse"), "relapse"), (("vivo", "muerto"), "muerto"),
    ],
)  # fmt: skip
def test_the_event_by_its_meaning(values: tuple[str, ...], event: str) -> None:
    for order in (values, values[::-1]):
        outcome, told = chosen(found(*order), ())
        assert isinstance(outcome, YesNo)
        assert outcome.positive == (event,)
        assert f"'{event}'" in told.sentence
        assert "counts as the event" in told.sentence


@pytest.mark.parametrize("values", [("1", "2"), ("A", "B"), ("left", "right"), ("x", "y")])
def test_what_does_not_tell_is_asked(values: tuple[str, ...]) -> None:
    with pytest.raises(UserError, match="do not say which is the event"):
        chosen(found(*values), ())
    outcome, _ = chosen(found(*values), (values[0],))
    assert isinstance(outcome, YesNo)
    assert (outcome.positive, outcome.negative) == ((values[0],), (values[1],))


def test_names_of_codes_tell_the_event() -> None:
    outcome, told = chosen(found("1", "2", names={"1": "alive", "2": "dead"}), ())
    assert isinstance(outcome, YesNo)
    assert outcome.positive == ("2",)
    assert "'2' = dead" in told.sentence


def test_several_values_are_classes_or_chosen() -> None:
    with pytest.raises(UserError, match="has 3 values"):
        chosen(found("none", "mild", "severe"), ())
    outcome, _ = chosen(found("none", "mild", "severe"), ("*",))
    assert outcome == Classes("status", ("none", "mild", "severe"))
    outcome, _ = chosen(found("none", "mild", "severe"), ("mild", "severe"))
    assert isinstance(outcome, YesNo)
    assert outcome.negative == ("none",)
    with pytest.raises(UserError, match="3 to 20 can be classes"):
        chosen(found("a", "b"), ("*",))


def test_what_is_not_known_is_neither() -> None:
    outcome, told = chosen(found("no", "unknown", "yes"), ("yes",))
    assert isinstance(outcome, YesNo)
    assert outcome.negative == ("no",)
    assert "'unknown' (11) is not known and not used" in told.sentence
    with pytest.raises(UserError, match="means that it is not known"):
        chosen(found("unknown", "yes"), ())
    with pytest.raises(UserError, match="says that the event did not happen"):
        chosen(found("unknown", "yes"), ("yes",))


@pytest.mark.parametrize(
    ("positive", "words"),
    [(("maybe",), "no value 'maybe'"), (("yes", "no"), "Every value of the outcome counts")],
)
def test_choices_that_cannot_be(positive: tuple[str, ...], words: str) -> None:
    with pytest.raises(UserError, match=words):
        chosen(found("no", "yes"), positive)


def test_a_choice_is_read_as_the_cells_are() -> None:
    outcome, _ = chosen(found("0", "1"), ("1.0",))
    assert isinstance(outcome, YesNo)
    assert outcome.positive == ("1",)


@pytest.mark.parametrize(
    ("given", "meant"),
    [("", ()), ("yes", ("yes",)), ("*", ("*",)), ("1 or 2", ("1", "2")), ("a or b", ("a or b",))],
)
def test_a_choice_in_words(given: str, meant: tuple[str, ...]) -> None:
    choices = {"event:status": given} if given else {}
    assert asked(choices, "status", ("yes", "no", "a or b")) == meant


# Later patients

OUTCOME = YesNo("died", ("yes",), negative=("no",))


def later(cells: Sequence[str | None], outcome: Outcome = OUTCOME) -> Cohort:
    table = pd.DataFrame({"age": [50.0 + n for n in range(len(cells))], "died": cells}, dtype=None)
    variables = (Variable("age", Kind.NUMBER), Variable("died", Kind.CATEGORY, Role.OUTCOME))
    cohort = Cohort("new.csv", table.astype({"died": "str"}), variables)
    return in_the_models_words(cohort, outcome)


@pytest.mark.parametrize(
    "cells",
    [["yes", "no"], ["Yes", "No"], ["YES", "NO "], ["1", "0"], ["True", "FALSE"], ["ja", "nein"],
     ["y", "n"]],
)  # fmt: skip
def test_the_same_in_other_words(cells: list[str]) -> None:
    cohort = later(cells * 5)
    assert cohort.table["died"].tolist() == ["yes", "no"] * 5
    assert any("otherwise than in training" in note for note in cohort.notes) == (
        cells != ["yes", "no"]
    )


def test_what_means_neither_is_counted_and_stays() -> None:
    cohort = later(["yes", "no", "unknown", "transferred", None] * 4)
    assert cohort.table["died"].tolist()[:4] == ["yes", "no", "unknown", "transferred"]
    (note,) = cohort.notes
    assert "8 of 16 outcomes are none of the values" in note
    assert "'transferred' (4)" in note


def test_words_of_another_outcome_are_refused() -> None:
    with pytest.raises(UserError, match="the model was trained on"):
        later(["red", "green"] * 4)


def test_a_file_without_outcomes_is_for_prediction() -> None:
    assert later([None, None, None]).notes == ()
    cohort = Cohort("new.csv", pd.DataFrame({"age": [1.0]}), (Variable("age", Kind.NUMBER),))
    assert in_the_models_words(cohort, OUTCOME) is cohort


def test_classes_in_other_cases() -> None:
    cohort = later(["Mild", "SEVERE", "none"] * 3, Classes("died", ("none", "mild", "severe")))
    assert cohort.table["died"].tolist()[:3] == ["mild", "severe", "none"]
