"""Names inside folders and ZIPs: each file once, under its own name, whoever packed it."""

from __future__ import annotations

import io
import os
import unicodedata
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest

from pmed_core.errors import UserError
from pmed_core.modalities.scan.readers import collection
from pmed_core.modalities.scan.readers.collection import members
from pmed_core.modalities.scan.readers.scans import read_scans
from tests.scans.made import (
    collected,
    decision,
    dicom,
    drawn,
    drawn_on,
    plain,
    png,
    rules,
    saved,
    shown,
    stored,
    told,
    zipped,
)

KEY = b"key"
DISC = drawn(1)


def packed(path: Path, entries: list[tuple[str, bytes]]) -> Path:
    """A ZIP whose entries have exactly these names, also twice the same."""
    written = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(written, "w") as archive:
        warnings.simplefilter("ignore", UserWarning)
        for name, data in entries:
            # Python's own way would put the name right.
            entry = zipfile.ZipInfo("x")
            entry.filename = name
            archive.writestr(entry, data)
    path /= "scans.zip"
    path.write_bytes(written.getvalue())
    return path


@pytest.mark.parametrize("form", ["{}", "./{}", ".//{}", "{}/", "all\\{}"], ids=repr)
def test_folders_mean_the_same_however_a_packing_program_writes_them(
    form: str, tmp_path: Path
) -> None:
    def written(folder: str, name: str) -> str:
        between = "\\" if "\\" in form else "/"
        return form.format(folder) + between + name

    scans = [("ill", "1.png", png(plain(1))), ("well", "2.png", png(plain(2)))]
    entries = [(written(folder, name), data) for folder, name, data in scans]
    entries.append((written("masks", "1.png"), png(DISC)))
    cohort = read_scans(packed(tmp_path, entries), key=KEY)
    assert list(told(cohort).values()) == ["ill", "well"]
    inside = [drawn_on(cohort, name) for name in cohort.table["scan"]]
    assert inside[0] is not None
    assert np.array_equal(inside[0], DISC > 0)
    assert inside[1] is None
    assert not any("\\" in name or name.startswith(".") for name in cohort.table["scan"])


def test_a_table_names_the_files_of_a_zip_with_backslashes(tmp_path: Path) -> None:
    entries = [("a\\1.png", png(plain(1))), ("b\\1.png", png(plain(2)))]
    entries.append(("labels.csv", b"file,label\nb/1.png,ill\na\\1.png,well\n"))
    cohort = read_scans(packed(tmp_path, entries), key=KEY)
    assert told(cohort) == {"a/1.png": "well", "b/1.png": "ill"}


def test_of_two_files_of_one_name_the_last_is_read_and_the_other_is_told(tmp_path: Path) -> None:
    entries = [("ill/1.png", png(plain(1))), ("ill/1.png", png(plain(2))), ("./ill/1.png", b"?")]
    entries += [("./ill/1.png", png(plain(3))), ("well/1.png", png(plain(4)))]
    cohort = read_scans(packed(tmp_path, entries), key=KEY)
    assert np.array_equal(shown(cohort, "ill/1.png"), plain(3))
    assert len(cohort) == 2
    skipped = decision(cohort, "skipped")
    assert "another file of the same name" in skipped.sentence
    assert "ill/1.png" in skipped.sentence


def test_a_number_after_a_hash_is_part_of_a_file_name(tmp_path: Path) -> None:
    """Old scanners write IM#1, IM#2, … which are files, not frames of one."""
    files = {f"s/IM#{k}": saved(dicom(SOPInstanceUID=f"1.2.{k}", InstanceNumber=k))
             for k in (1, 2, 10)}  # fmt: skip
    files["masks/IM#2"] = png(np.eye(4, 5, dtype=np.uint8))
    files["labels.csv"] = b"file,label\nIM#1,ill\nIM#2,well\nIM#10,ill\n"
    cohort = collected(tmp_path, files)
    assert told(cohort) == {"s/IM#1": "ill", "s/IM#2": "well", "s/IM#10": "ill"}
    assert [drawn_on(cohort, name) is None for name in cohort.table["scan"]] == [True, False, True]


def test_a_file_that_is_called_as_a_frame_of_another_is_skipped_and_said(tmp_path: Path) -> None:
    two = saved(stored(np.arange(40, dtype=np.int16).reshape(2, 4, 5)))
    files = {"s/IM": two, "s/IM#2": saved(dicom("Other")), "s/IM#3": saved(dicom("Third"))}
    cohort = collected(tmp_path, files)
    assert sorted(cohort.table["scan"]) == ["s/IM#1", "s/IM#2", "s/IM#3"]
    assert np.array_equal(shown(cohort, "s/IM#2").ravel(), np.arange(20, 40) - 1024)
    assert (
        "'s/IM#2' is what a frame of another file is called" in decision(cohort, "skipped").sentence
    )


def test_an_outline_of_a_file_with_a_hash_is_no_scan_and_is_paired(tmp_path: Path) -> None:
    files = {"s/IM#7": saved(dicom()), "masks/IM#7": png(np.eye(4, 5, dtype=np.uint8))}
    inside = drawn_on(collected(tmp_path, files), "s/IM#7")
    assert inside is not None
    assert np.array_equal(inside, np.eye(4, 5, dtype=bool))


@pytest.mark.parametrize("files_in", ["NFC", "NFD"])
@pytest.mark.parametrize("cells_in", ["NFC", "NFD"])
def test_accents_in_one_piece_or_in_two_are_the_same_letters(
    files_in: str, cells_in: str, tmp_path: Path
) -> None:
    """A Mac packs é as e and an accent; a table typed anywhere else has it in one piece."""

    def form(kind: str, text: str) -> str:
        return unicodedata.normalize(kind, text)  # type: ignore[arg-type]

    files = {form(files_in, f"Köln/Müller é{k}.png"): png(plain(k)) for k in (1, 2)}
    files |= {form(files_in, "masks/Müller é2.png"): png(DISC)}
    text = form(cells_in, "Datei,Befund\nMüller é1.png,krank\nMüller é2.png,gesund\n")
    cohort = collected(tmp_path, files | {"t.csv": text.encode()})
    assert list(told(cohort).values()) == ["krank", "gesund"]
    assert rules(cohort).isdisjoint({"label-rows-left", "label-names", "outlines-left"})
    assert drawn_on(cohort, cohort.table["scan"][1]) is not None


def test_accents_do_not_matter_in_folders_that_a_table_names(tmp_path: Path) -> None:
    names = [unicodedata.normalize("NFD", name) for name in ("Zoë", "André")]
    for k, name in enumerate(names):
        (tmp_path / "all" / name).mkdir(parents=True)
        (tmp_path / "all" / name / "x.png").write_bytes(png(plain(k)))
    (tmp_path / "all" / "t.csv").write_text("patient,label\nZoë,ill\nAndré,well\n", "utf-8")
    cohort = read_scans(tmp_path / "all", key=KEY)
    assert sorted(told(cohort).values()) == ["ill", "well"]
    assert {name[:3]: label for name, label in told(cohort).items()} == {
        "Zoë": "ill", "And": "well",
    }  # fmt: skip


@pytest.mark.parametrize(
    "names", [("患者/一.png", "健康/二.png"), ("болен/а.png", "здоров/б.png"),
              ("مريض/١.png", "سليم/٢.png"), ("🫁/x.png", "ok/y.png"),
              ("a b & c/1 (2).png", "d'e;f/#1 x.png")],
)  # fmt: skip
def test_names_in_any_script_are_labels_and_pair_with_outlines(
    names: tuple[str, str], tmp_path: Path
) -> None:
    files = {name: png(plain(k)) for k, name in enumerate(names)}
    files[f"masks/{names[0].rpartition('/')[2]}"] = png(DISC)
    cohort = collected(tmp_path, files)
    assert told(cohort) == {name: name.split("/")[0] for name in names}
    assert drawn_on(cohort, names[0]) is not None
    assert drawn_on(cohort, names[1]) is None


def test_a_link_is_not_followed_and_told_and_a_zip_in_a_zip_is_named(tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(png(plain(9)))
    inside = tmp_path / "all"
    inside.mkdir()
    (inside / "1.png").write_bytes(png(plain(1)))
    (inside / "2.zip").write_bytes(zipped({"3.png": png(plain(3))}))
    os.symlink(tmp_path / "secret.png", inside / "link.png")
    cohort = read_scans(inside, key=KEY)
    assert cohort.table["scan"].tolist() == ["1.png"]
    skipped = [one.sentence for one in cohort.reading if one.rule == "skipped"]
    assert any("2.zip" in one for one in skipped)
    assert any("it is a link" in one and "link.png" in one for one in skipped)

    entry = zipfile.ZipInfo("link.png")
    entry.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "l.zip", "w") as archive:
        archive.writestr(entry, "/etc/passwd")
        archive.writestr("1.png", png(plain(1)))
    cohort = read_scans(tmp_path / "l.zip", key=KEY)
    assert cohort.table["scan"].tolist() == ["1.png"]
    assert "it is a link" in decision(cohort, "skipped").sentence


def test_links_to_folders_and_to_nothing_are_told(tmp_path: Path) -> None:
    inside = tmp_path / "all"
    inside.mkdir()
    (inside / "1.png").write_bytes(png(plain(1)))
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "2.png").write_bytes(png(plain(2)))
    os.symlink(tmp_path / "more", inside / "more")
    os.symlink(tmp_path / "gone.png", inside / "gone.png")
    cohort = read_scans(inside, key=KEY)
    assert cohort.table["scan"].tolist() == ["1.png"]
    assert decision(cohort, "skipped").cells == 2


@pytest.mark.parametrize("where", ["folder", "ZIP"])
def test_too_many_files_are_refused_before_any_is_read(
    where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collection, "FILES_AT_MOST", 3)
    folder = tmp_path / "all"
    folder.mkdir()
    for k in range(4):
        (folder / f"{k}.png").write_bytes(b"never looked at")
    (tmp_path / "all.zip").write_bytes(zipped({f"{k}.png": b"x" for k in range(4)}))
    with pytest.raises(UserError, match="It holds 4 files; at most 3 are read"):
        read_scans(folder if where == "folder" else tmp_path / "all.zip", key=KEY)


def test_what_systems_leave_in_folders_is_neither_read_nor_counted(tmp_path: Path) -> None:
    for name in (".DS_Store", "__MACOSX/._1.png", ".git/x.png", "a/.hidden/2.png", "a/1.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(png(plain(1)) if name == "a/1.png" else b"rubbish")
    assert [one.name for one in members(tmp_path)] == ["a/1.png"]
    assert rules(read_scans(tmp_path, key=KEY)) == set()


def test_what_cannot_be_opened_at_all_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such file or folder"):
        read_scans(tmp_path / "nothing", key=KEY)
    good = zipped({"1.png": png(plain(1))})
    encrypted = bytearray(good)
    # The flag of encryption, in the local header and in the directory.
    encrypted[6] |= 1
    encrypted[good.index(b"PK\1\2") + 8] |= 1
    (tmp_path / "e.zip").write_bytes(bytes(encrypted))
    with pytest.raises(UserError, match="it is encrypted; pack the files again"):
        read_scans(tmp_path / "e.zip", key=KEY)
    (tmp_path / "d.zip").write_bytes(good.replace(b"IDAT", b"ADAT", 1))
    with pytest.raises(UserError, match=r"'1\.png' was skipped because it is damaged"):
        read_scans(tmp_path / "d.zip", key=KEY)


def test_one_file_alone_is_a_collection_of_one(tmp_path: Path) -> None:
    (tmp_path / "x.png").write_bytes(png(plain(5)))
    cohort = read_scans(tmp_path / "x.png", key=KEY)
    assert cohort.table["scan"].tolist() == ["x.png"]
    assert np.array_equal(shown(cohort, "x.png"), plain(5))
