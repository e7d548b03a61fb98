"""Groups that a report shows without being asked for each."""

from __future__ import annotations

import pytest

from pmed_core.errors import Busy, UserError
from pmed_core.service import groups
from pmed_core.variable import Kind, Variable

NAMES = ("sex", "Age (years)", "stage", "hospital", "usage", "ethnicity")


def test_a_report_says_which_group_it_lacks_and_is_not_made_while_others_are_at_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []

    def divide(_: str, name: str) -> str:
        asked.append(name)
        if name == "sex":
            raise UserError("'sex' makes no groups of these patients")
        if name == "ethnicity":
            raise Busy("The machine is busy with what others have asked")
        return name

    found = tuple(Variable(name, Kind.CATEGORY) for name in NAMES)
    monkeypatch.setattr(groups, "divisible", lambda _: found[:-1])
    monkeypatch.setattr(groups, "divide", divide)
    told, without = groups.usual("model")
    assert list(map(str, told)) == ["Age (years)", "hospital"]
    assert without == ("Not by sex: 'sex' makes no groups of these patients.",)
    assert asked == ["sex", "Age (years)", "hospital"]
    several = (
        *found[1:2],
        *found[3:4],
        Variable("site", Kind.CATEGORY),
        Variable("race", Kind.CATEGORY),
    )
    monkeypatch.setattr(groups, "divisible", lambda _: several)
    told, without = groups.usual("model")
    assert list(map(str, told)) == ["Age (years)", "hospital", "site"]
    assert without == ("Not by race: a report holds 3 variables.",)
    monkeypatch.setattr(groups, "divisible", lambda _: found)
    with pytest.raises(Busy):
        groups.usual("model")
