"""Identifiers that go in at the front are found nowhere on the disk."""

from __future__ import annotations

import io
import os
import resource
import sqlite3
import struct
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pmed_core.engine.local import LocalEngine
from pmed_core.errors import DamagedEntry, UserError
from pmed_core.sealing import files, keys
from pmed_core.sealing.files import keep_off_the_disk
from pmed_core.sealing.keys import MEMORY
from pmed_core.service import cohorts, hub, models, patients, training, uploads
from pmed_core.service.genomes import polygenic
from pmed_core.settings import settings
from pmed_core.store import backup, health
from pmed_core.store.store import open_store
from pmed_core.work import Importance
from tests.genome.made import records, written
from tests.service.made import QUICK, as_bytes, chosen
from tests.service.made import patients as made_patients

NAMES = ("Zebulon", "Quixwood")
FILE = "ward of Dr Quixwood, Zebulon.csv"
AGE = 61.318274


def planted() -> list[bytes]:
    texts = [*NAMES, *(f"ZQ{number:04d}" for number in range(1, 121)), "zqmarker", "zqcolumn"]
    as_text = [text.encode(code) for text in texts for code in ("utf-8", "utf-16-le")]
    numbers = [struct.pack("<d", AGE), struct.pack("<f", AGE), str(AGE).encode()]
    return [*as_text, *numbers]


def found(*folders: Path) -> Iterator[str]:
    """Where anything of it stands, in what a file holds or is called."""
    wanted = planted()
    for path in (path for folder in folders for path in folder.rglob("*")):
        held = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
        for one in wanted:
            if one in held or one in os.fsencode(path.name):
                yield f"{path}: {one!r}"


def table() -> bytes:
    rows = made_patients()
    rows["patient_id"] = [f"ZQ{number:04d}" for number in range(1, len(rows) + 1)]
    rows["zqcolumn"] = np.where(rows["age"] > 60, "zqmarker", "other")
    rows.loc[7, "age"] = AGE
    return as_bytes(rows)


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for temporary files that nothing may be left in."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def journey() -> tuple[str, str]:
    """A file is looked at, taken, learnt from, asked about, refused -> cohort and model."""
    looked_at, _ = uploads.inspect(FILE, table())
    cohort = chosen(cohorts.take(looked_at))
    identity = training.train(cohort, "Model of Quixwood", QUICK)
    while (job := training.job(identity)).alive:
        time.sleep(0.2)
    assert job.state == "done", job.error
    cells = cohorts.cells(cohort, "ZQ0008")
    assert cells["age"] == AGE
    patients.consult(job.result, cells, "ZQ0008")
    models.write_notes(job.result, "Zebulon's ward")
    models.predict(job.result, FILE, table())
    with pytest.raises(UserError):
        models.evaluate(job.result, FILE, table())  # the patients of training
    with pytest.raises(UserError):
        cohorts.bring_in("Zebulon.sav", b"$FL2@(#) Quixwood" + bytes(999))
    uploads.inspect(f"left {FILE}", table())  # and nobody takes it
    return cohort, job.result


@pytest.mark.parametrize("engine", ["inline", pytest.param("local", marks=pytest.mark.slow)])
def test_what_is_planted_is_found_nowhere(
    engine: str, key_file: Path, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PMED_ENGINE", engine)
    settings.cache_clear()
    before = {*MEMORY.iterdir()}
    cohort, model = journey()
    home = settings().home
    assert list(found(home, elsewhere, *({*MEMORY.iterdir()} - before))) == []
    with closing(sqlite3.connect(home / "pmed.sqlite")) as database:
        dumped = "\n".join(database.iterdump())  # in the file, a long text lies in parts
    assert not any(one in dumped for one in ("zqcolumn", "Quixwood", "ZQ0008"))
    assert cohorts.cohort(cohort).name == FILE
    assert models.model(model).name == "Model of Quixwood"
    assert health.check(open_store(settings())) == ()
    # What is exported leaves the installation: it is in the clear, and imported again.
    assert models.export(model)[:2] == b"PK"
    copy = backup.backup(settings(), elsewhere)
    assert list(found(elsewhere)) == []
    assert copy.stat().st_size > 1000
    if engine == "local":
        working = hub._hub(settings()).engine
        assert isinstance(working, LocalEngine)
        working.stop()
        if supervising := working.starter.started:
            supervising.kill()
            supervising.wait()


def test_the_search_finds_what_is_not_encrypted(elsewhere: Path) -> None:
    """The test above can fail."""
    cohorts.bring_in(FILE, table())
    where = " ".join(found(settings().home))
    assert "sources" in where
    assert "table.parquet" in where
    assert "cohort.json" in where


def test_scans_are_sealed_and_read_alike(key_file: Path) -> None:
    pixels = np.arange(40 * 40, dtype=np.uint8).reshape(40, 40)
    chosen_files = []
    for number in range(3):
        held = io.BytesIO()
        Image.fromarray(np.roll(pixels, number * 7)).save(held, "PNG")
        chosen_files.append((f"Zebulon{number}.png", io.BytesIO(held.getvalue())))
    cohort = cohorts.bring_in_together(chosen_files)
    scans = cohorts.table(cohort).scans
    assert scans is not None
    assert np.array_equal(scans.pixels("Zebulon1.png"), np.roll(pixels, 7))
    assert len(b"".join(scans.digested())) == 3 * 1600
    assert list(found(settings().home)) == []
    for path in (settings().home / "cohorts").rglob("scans.bin"):
        assert pixels.tobytes()[:64] not in path.read_bytes()


def test_genotypes_are_sealed_and_read_alike(key_file: Path) -> None:
    lines = [line + "\t0/1" for line in records("VKORC1", {})]
    genomes = written(lines, ("ZQ0001", "ZQ0002"))
    cohort = cohorts.bring_in("Zebulon.vcf", genomes)
    kept = cohorts.table(cohort).genotypes
    assert kept is not None
    assert kept.copies().tolist() == [[0, 1]]
    columns = "chr_name,chr_position,effect_allele,other_allele,effect_weight"
    weights = f"#genome_build=GRCh38\n{columns}\n16,31096368,T,C,0.5\n"
    found_scores = polygenic(cohort, "Quixwood.csv", weights.encode())
    assert found_scores.scores == (0, 0.5)
    assert list(found(settings().home)) == []


def test_a_file_that_was_changed_is_refused_and_hides_no_other(key_file: Path) -> None:
    one, other = cohorts.bring_in("one.csv", table()), cohorts.bring_in("two.csv", table())
    path = settings().home / "cohorts" / one / "table.parquet"
    held = bytearray(path.read_bytes())
    held[len(held) // 2] ^= 1
    path.write_bytes(held)
    with pytest.raises(DamagedEntry):
        cohorts.rows(one, 0, 5)
    assert len(cohorts.rows(other, 0, 5)) == 5
    (settings().home / "cohorts" / one / "cohort.json").write_bytes(b"{}")
    assert [entry.id for entry in cohorts.cohorts()] == [other]
    source = next((settings().home / "sources").glob("*/*"))
    source.write_bytes(source.read_bytes()[:-1])
    assert len([one for one in health.check(open_store(settings())) if "uploaded file" in one]) == 1


def test_a_row_that_was_changed_is_damaged_and_hides_no_other(key_file: Path) -> None:
    jobs = open_store(settings()).jobs
    for name in ("one", "two"):
        jobs.add(name, Importance(name))
    with closing(sqlite3.connect(settings().home / "pmed.sqlite")) as database:
        (work,) = database.execute("SELECT work FROM jobs WHERE id='two'").fetchone()
        for forged in ('{"kind": "importance", "model": "x"}', work[:-1], ""):
            database.execute("UPDATE jobs SET work=? WHERE id='one'", [forged])
            database.commit()
            assert [job.id for job in jobs.list()] == ["two"]
            assert [one.id for one in jobs.damaged()] == ["one"]


def test_temporary_files_are_in_memory(key_file: Path, elsewhere: Path) -> None:
    keep_off_the_disk()
    with tempfile.NamedTemporaryFile() as file:
        assert Path(file.name).is_relative_to(MEMORY)
    assert os.environ["TMPDIR"].startswith(str(MEMORY))
    assert resource.getrlimit(resource.RLIMIT_CORE)[0] == 0


def test_a_file_is_opened_under_its_name_and_gone_afterwards(home: Path) -> None:
    path = files.named(home, "Zebulon.nii.gz")
    files.write(path, b"123")
    with files.opened(path) as plain:
        assert (plain.name, plain.read_bytes(), plain.stat().st_size) == (
            "Zebulon.nii.gz",
            b"123",
            3,
        )
    assert not plain.exists()
    assert list(found(home, MEMORY)) == []
    assert keys.of_folder(home)
