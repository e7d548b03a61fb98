"""Groups that a report shows without being asked for each."""

from __future__ import annotations

import pytest

from pmed_core.errors import Busy, UserError
from pmed_core.service import groups
from pmed_core.variable import Kind, Variable

NAMES = ("sex", "Age (years)", "stage", "hospital", "usage", "ethnicity")


def test_a_report_has_no_group_less_because_others_are_at_work(
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
    assert list(map(str, groups.usual("model"))) == ["Age (years)", "hospital"]
    assert asked == ["sex", "Age (years)", "hospital"]
    monkeypatch.setattr(groups, "divisible", lambda _: found)
    with pytest.raises(Busy):
        groups.usual("model")
