"""What one machine does to keys, copies and what is said of models, as the others find it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pmed_core.arrays import from_json
from pmed_core.errors import UserError
from pmed_core.sealing import files, keys
from pmed_core.settings import settings
from pmed_core.shell.main import main
from pmed_core.store import artefacts, retention
from pmed_core.store import keys as store_keys
from pmed_core.store.keys import pseudonym_key
from pmed_core.store.models import Annotations, Models
from pmed_core.store.resealing import reseal
from pmed_core.store.store import Store, open_store
from tests.servers.objects import Objects, use
from tests.store.test_artefacts import Machine, filled, model
from tests.store.test_artefacts import machine as machine
from tests.store.test_artefacts import shared as shared
from tests.store.test_upkeep import cohort


@pytest.mark.parametrize("how", ["rotate", "rotate --data"])
def test_keys_are_replaced_also_of_what_is_not_at_hand(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """On a machine that has never opened the project, and holds less than all large files."""
    one = filled(machine("one"))
    model(one, "n")
    weights = {name: held(one, name) for name in ("m", "n")}
    pseudonyms, source = pseudonym_key(one.home), one.cohorts.entry("a1").source
    monkeypatch.setenv("PMED_COPIES_MB", "1")
    settings.cache_clear()
    monkeypatch.setenv("PMED_HOME", str(settings().home.parent / "new"))
    settings.cache_clear()
    assert main(["keys", *how.split()], 0) == 0
    for name in ("one", "new", "other"):
        again = machine(name)
        store_keys._as_elsewhere.cache_clear()
        assert {entry.id for entry in again.cohorts.list()} == {"a1", "b"}
        assert {which: held(again, which) for which in weights} == weights
        assert pseudonym_key(again.home) == pseudonyms
        with files.opened(again.cohorts.source(source)) as path:
            assert (path.name, path.read_bytes()[:8]) == ("ward.csv", b"age,died")


def held(store: Store, model: str) -> bytes:
    return files.read(store.models.package(model) / "weights.safetensors")


def test_what_is_encrypted_is_not_encrypted_again(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(machine("one"))
    monkeypatch.setenv("PMED_HOME", str(settings().home.parent / "new"))
    settings.cache_clear()
    assert main(["keys", "seal"], 0) == 0, "there is nothing to do"
    assert machine("one").cohorts.get("b").digest() == cohort("b").digest()


def test_what_is_encrypted_is_not_encrypted_again_without_its_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys.make(tmp_path / "master.key")
    monkeypatch.setenv("PMED_KEY_FILE", str(tmp_path / "master.key"))
    settings.cache_clear()
    home = open_store(settings()).home
    model(open_store(settings()))
    kept = (home / keys.NAME).rename(tmp_path / "lost")
    keys.forget()
    with pytest.raises(UserError, match="encrypted already, and its key is missing"):
        reseal(home)
    kept.rename(home / keys.NAME)
    keys.forget()
    assert held(open_store(settings()), "m")


def test_a_bucket_that_holds_nothing_deletes_nothing(
    machine: Machine, objects: Objects, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong address is no deletion: what is on this machine may be all that is left."""
    home = filled(machine("one")).home
    before = settings().artefacts
    files_before = sorted(home.rglob("*"))
    use(objects, monkeypatch)
    with pytest.raises(UserError, match="not in the object store"):
        machine("one")
    assert sorted(home.rglob("*")) == files_before
    monkeypatch.setenv("PMED_ARTEFACTS", before)
    assert {entry.id for entry in machine("one").cohorts.list()} == {"a1", "b"}


def test_copies_of_what_another_machine_deleted_are_swept(machine: Machine) -> None:
    filled(machine("one"))
    other = machine("other")
    assert other.models.package("m").is_dir()
    assert other.cohorts.get("b")
    assert other.cohorts.entry("a1")
    one = machine("one")
    one.models.remove("m")
    one.cohorts.remove("b")
    home = machine("other").home
    assert (home / "models" / "m").exists(), "nobody has looked"
    retention.sweep(settings(), date.today())
    assert not (home / "models" / "m").exists()
    assert not (home / "cohorts" / "b").exists()
    assert (home / "cohorts" / "a1").exists()


def test_two_machines_change_one_thing_within_a_moment(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who has just looked still does not write what it saw over what the other wrote."""
    filled(machine("one"))
    monkeypatch.setattr(artefacts, "FRESH", 3600.0)
    one, other = machine("one"), machine("other")
    for store in (one, other) * 2:  # what it fetches it asks for again
        assert store.models.beside("m", "annotations") == ""
    monkeypatch.setattr(Models, "entry", _said_of)
    one.models.annotate("m", threshold=0.25)
    other.models.annotate("m", notes="Ward 7 only")
    said = _said_of(machine("one").models, "m").annotations
    assert (said.threshold, said.notes) == (0.25, "Ward 7 only")


def _said_of(models: Models, identity: str) -> Any:
    """What is said of a model; the package of these tests cannot be read."""
    text = models.beside(identity, "annotations")
    said = from_json(Annotations, text) if text else Annotations()
    return SimpleNamespace(annotations=said)
