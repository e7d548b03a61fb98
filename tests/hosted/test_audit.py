"""What was done is on record, tells no patient, and cannot be changed unnoticed."""

from __future__ import annotations

import json
import shutil
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmed_core.accounts import Right, Role
from pmed_core.audit import BEGIN, Deed, Entry, Head, Wanted, faults, sealed
from pmed_core.errors import Refused, UserError
from pmed_core.service import (
    access,
    audit,
    cohorts,
    downloads,
    links,
    models,
    patients,
    records,
    training,
    users,
)
from pmed_core.settings import settings
from pmed_core.shell.main import main
from pmed_core.store.audit import Audit
from pmed_core.store.keys import pseudonym_key
from pmed_core.work import Cell
from tests.hosted.acting import acting, claims, project
from tests.hosted.test_rights import ALL, OPEN, RIGHTS
from tests.service.made import Installation

KEY = bytes(32)
CELLS: dict[str, Cell] = {"age": 60.0, "lactate": 2.0, "sex": "f"}
UNRECORDED = {
    # They show no patient and change nothing.
    "patients.warm", "scans.warm", "scans.has_spacing", "scans.labels", "links.link",
    "links.linked", "links.linked_scan", "cohorts.values", "cohorts.unchanged",
    "apikeys.keys", "cohorts.overruled", "cohorts.tidy", "cohorts.folders",
    "sources.can_be_read_again",
    # Of pages each of which is on record.
    "patients.bound",
    "sources.from_folder", "training.not_trained_on", "training.estimate",
    "training.trained_before", "users.users", "users.projects", "users.members",
    "audit.entries", "audit.actions", "genomes.genomes", "genomes.build_of", "genomes.groupings",
}  # fmt: skip


def deed(**told: Any) -> Deed:
    return replace(Deed(1.5, "u", "Ann", "s", "p", "patients.consult"), **told)


def chain(deeds: list[Deed]) -> list[Entry]:
    entries: list[Entry] = []
    for number, one in enumerate(deeds, 1):
        entries.append(sealed(KEY, number, one, entries[-1].seal if entries else BEGIN))
    return entries


TEXT = st.text(max_size=8)
DEEDS = st.lists(
    st.builds(Deed, st.floats(0, 1e9), *[TEXT for _ in fields(Deed)[1:]]), min_size=1, max_size=7
)


def changed(entry: Entry, draw: st.DataObject) -> Entry:
    """One field of it is another."""
    names = ["previous", "seal", "number", *asdict(entry.deed)]
    name = draw.draw(st.sampled_from(names))
    if name in ("previous", "seal"):
        held = str(getattr(entry, name))
        other: dict[str, Any] = {name: ("0" if held[0] != "0" else "1") + held[1:]}
        return replace(entry, **other)
    if name == "number":
        return replace(entry, number=entry.number + draw.draw(st.integers(1, 3)))
    if name == "time":
        return replace(entry, deed=replace(entry.deed, time=entry.deed.time + 1))
    more = str(getattr(entry.deed, name)) + draw.draw(st.text(min_size=1, max_size=3))
    told: dict[str, Any] = {name: more}
    return replace(entry, deed=replace(entry.deed, **told))


@given(DEEDS)
def test_a_chain_that_was_left_alone_is_whole(deeds: list[Deed]) -> None:
    entries = chain(deeds)
    assert list(faults(KEY, entries, [Head(one.number, one.seal) for one in entries])) == []


@given(DEEDS, st.data())
def test_any_one_change_is_found(deeds: list[Deed], data: st.DataObject) -> None:
    entries = chain(deeds)
    head = Head(len(entries), entries[-1].seal)
    place = data.draw(st.integers(0, len(entries) - 1))
    other = data.draw(st.integers(0, len(entries) - 1))
    match data.draw(st.sampled_from(["change", "remove", "move", "repeat", "cut", "forge"])):
        case "change":
            entries[place] = changed(entries[place], data)
        case "remove":
            del entries[place]
        case "move" if place != other:
            entries[place], entries[other] = entries[other], entries[place]
        case "repeat":
            entries.insert(other, entries[place])
        case "cut":
            del entries[place:]
        case _:
            told = replace(entries[place].deed, name="somebody else")
            entries[place] = sealed(bytes([1] * 32), place + 1, told, entries[place].previous)
    assert list(faults(KEY, entries, [head]))


@given(DEEDS)
def test_an_end_that_was_cut_off_is_missed_only_by_a_note_of_it(deeds: list[Deed]) -> None:
    entries = chain([*deeds, deed()])
    head = Head(len(entries), entries[-1].seal)
    assert list(faults(KEY, entries[:-1])) == []
    assert list(faults(KEY, entries[:-1], [head]))
    again = chain([*deeds, deed(name="Bob")])
    assert list(faults(KEY, again)) == [], "whoever has the key can write it anew"
    assert list(faults(KEY, again, [head])), "and a note that was kept elsewhere tells"


def test_every_verb_that_shows_a_patient_or_changes_something_is_recorded() -> None:
    looking = {name for name, right in RIGHTS.items() if right is Right.LOOK}
    recorded = {name for name, verb in ALL.items() if getattr(verb, access.RECORDED, False)}
    assert set(ALL) - recorded == UNRECORDED | OPEN | looking - {"downloads.hand_out"}


@pytest.fixture
def ward(online: None, installation: Installation) -> str:
    where = project("Cardiology", ann=Role.DATA_SCIENTIST, vic=Role.VIEWER)
    shutil.copytree(installation.home, settings().of_project(where).home, dirs_exist_ok=True)
    return where


def on_record() -> list[Deed]:
    return [one.deed for one in access.journal().kept.entries()]


def test_who_saw_whom_and_asked_what_is_on_record(ward: str, installation: Installation) -> None:
    with acting("ann", ward, sign_in="2") as ann:
        cohorts.cells(installation.cohort, "P003")
        patients.consult(installation.model, CELLS, "P003")
        patients.consult(installation.model, CELLS, "P003")  # the same look once more
        patients.consult(installation.model, CELLS | {"age": 61.0}, "P003")
        models.models()  # concerns nobody in particular
        models.rename(installation.model, "Second")
        models.rename(installation.model, "Second")
        downloads.hand_out("predictions.csv", b"P003")
        access.leave()
    told = on_record()
    assert [one.action for one in told] == [
        "signed in", "cohorts.cells", "patients.consult", "patients.consult", "models.rename",
        "models.rename", "downloads.hand_out", "signed out",
    ]  # fmt: skip
    assert {one.user for one in told} == {ann.user}
    assert {one.project for one in told} == {ward}
    assert [one.model for one in told[2:5]] == [installation.model] * 3
    assert told[1].cohort == installation.cohort
    assert told[1].patient == told[2].patient != ""
    assert told[2].input != told[3].input
    assert told[6].detail == "file: predictions.csv"
    with acting("boss"):
        keyed = audit.patient(ward, "P003")
        found = audit.entries(Wanted(patient=keyed))
        assert [one.deed.action for one in reversed(found)] == [
            "cohorts.cells", "patients.consult", "patients.consult"
        ]  # fmt: skip
        assert audit.verify() == ()


def test_no_patient_and_no_cell_stands_in_it(ward: str, installation: Installation) -> None:
    with acting("ann", ward):
        patients.consult(installation.model, {"age": 61.75, "sex": "f"}, "P003")
        cohorts.find_patients(installation.cohort, "P003")
        cohorts.bring_in("Mrs Miller.csv", b"patient_id,age,event\np1,40,yes\np2,50,no\n")
        with pytest.raises(UserError):
            cohorts.cells(installation.cohort, "Mrs Miller")
    with acting("boss"):
        audit.patient(ward, "P003")
    told = json.dumps([asdict(one) for one in on_record()])
    assert len(on_record()) >= 6
    for secret in ("P003", "61.75", "Miller", "p1", "patient_id"):
        assert secret not in told


def test_what_was_refused_is_on_record_too(ward: str, installation: Installation) -> None:
    with acting("vic", ward):
        for _ in range(2):
            with pytest.raises(Refused):
                patients.consult(installation.model, CELLS, "P003")
    (told,) = [one for one in on_record() if one.action == "patients.consult"]
    assert "does not let you" in told.refused


def test_roles_that_were_given_are_on_record(ward: str) -> None:
    with acting("boss"):
        users.give(claims("vic").user, ward, Role.CLINICIAN)
        identity = users.add_project("Oncology")
        with pytest.raises(UserError):
            users.make_administrator(claims("boss").user, False)
    told = {one.action: one.detail for one in on_record()}
    assert "role: clinician" in told["users.give"]
    assert claims("vic").user in told["users.give"]
    assert "Oncology" in told["users.add_project"]
    assert identity not in told["users.add_project"]
    assert "administrator: False" in told["users.make_administrator"]


def test_a_patient_has_another_name_in_each_project(ward: str) -> None:
    other = project("Oncology")
    keys = [pseudonym_key(settings().of_project(one).home) for one in (ward, other)]
    assert len({records.named(key, "P003") for key in keys}) == 2
    assert records.named(keys[0], "P003") == records.named(keys[0], "P003")


def test_nothing_is_done_that_cannot_be_recorded(
    ward: str, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Audit, deed: Deed) -> Entry:
        raise UserError("The disk is full")

    with acting("ann", ward):
        monkeypatch.setattr(Audit, "add", full)
        with pytest.raises(UserError, match="full"):
            models.remove(installation.model)
        assert models.exists(installation.model)


def test_nobody_comes_in_who_is_not_on_record(ward: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Audit, deed: Deed) -> Entry:
        raise UserError("The disk is full")

    monkeypatch.setattr(Audit, "add", full)
    with pytest.raises(UserError, match="full"), acting("ann", ward, sign_in="2"):
        pass
    with pytest.raises(Refused):
        access.accounts().access(claims("ann", "2"), ward)


def test_on_a_laptop_there_is_no_audit(trained: Installation) -> None:
    patients.consult(trained.model, CELLS, "P003")
    assert links.link(trained.cohort, "P003")
    assert training.jobs()
    assert not (settings().home / "accounts.sqlite").exists()
    assert not (settings().home / "audit.key").exists()


ATTACKS: dict[str, str] = {
    "changed": "UPDATE audit SET name = 'Bob' WHERE number = 2",
    "removed": "DELETE FROM audit WHERE number = 2",
    "cut off": "DELETE FROM audit WHERE number > 2",
    "emptied": "DELETE FROM audit",
}


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = settings().home
    home.mkdir(parents=True)
    kept = Audit.open(home)
    for name in ("Ann", "Ann", "Carl", "Ann"):
        kept.add(deed(name=name))
    return home


def verified(*more: str) -> int:
    return main(["audit", "verify", *more], 0.0)


@pytest.mark.parametrize("attack", ATTACKS)
def test_the_command_finds_what_was_done_to_the_database(
    attack: str, written: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verified() == 0
    assert "whole: 4 entries" in capsys.readouterr().out
    with sqlite3.connect(written / "accounts.sqlite") as database:
        with pytest.raises(sqlite3.IntegrityError, match="only added to"):
            database.execute(ATTACKS[attack])
        for name in ("audit_no_update", "audit_no_delete"):
            database.execute(f"DROP TRIGGER {name}")
        database.execute(ATTACKS[attack])
    assert verified() == 2
    assert capsys.readouterr().out


@pytest.mark.parametrize("name", ["audit.head", "audit.key"])
def test_a_note_or_key_that_is_gone_is_said(name: str, written: Path) -> None:
    (written / name).unlink()
    assert verified() == 2


def test_a_head_that_was_kept_elsewhere_tells_what_the_folder_cannot(
    written: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["audit", "head"], 0.0) == 0
    head = capsys.readouterr().out.strip()
    assert verified("--head", head) == 0
    for name in ("accounts.sqlite", "accounts.sqlite-wal", "accounts.sqlite-shm", "audit.head"):
        (written / name).unlink(missing_ok=True)
    kept = Audit.open(written)
    for _ in range(4):
        kept.add(deed(name="Bob"))
    assert verified() == 0, "the key was there, so all could be written anew"
    assert verified("--head", head) == 2
    assert verified("--head", "nonsense") == 2


def test_many_write_at_the_same_time(written: Path) -> None:
    def add(number: int) -> None:
        Audit.open(written).add(deed(detail=str(number)))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, range(20)))
    assert verified() == 0
    assert Audit.open(written).count() == 24


@pytest.mark.parametrize(
    ("wanted", "has"),
    [
        (Wanted(), True), (Wanted(user="u"), True), (Wanted(user="x"), False),
        (Wanted(action="patients.consult"), True), (Wanted(action="patients"), False),
        (Wanted(project="p", since=1.0, until=2.0), True), (Wanted(until=1.5), False),
        (Wanted(since=1.6), False), (Wanted(patient="t"), False),
    ],
)  # fmt: skip
def test_filters(wanted: Wanted, has: bool, written: Path) -> None:
    assert bool(Audit.open(written).find(wanted, 9)) is has
