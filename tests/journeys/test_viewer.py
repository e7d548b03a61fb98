"""What the viewer of scans shows is what the files hold: values, lengths, slices, sides."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal
from urllib.parse import urlencode

import nibabel
import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from numpy.typing import NDArray
from playwright.sync_api import Browser, Locator, Page, expect

from pmed_core.service import cohorts
from tests.journeys.server import page_alone
from tests.journeys.steps import PATIENCE
from tests.pages.conftest import installed
from tests.scans.made import nifti, png, saved, stored, zipped

SHAPE = (60, 40, 9)
"""Of the volume: to the right, to the front, to the head."""
SPACING = (2.0, 4.0, 5.0)
BETWEEN = "a/flipped.nii#5"
Open = Callable[[str], Page]


def volume() -> NDArray[np.int16]:
    """(x, y, z) of Hounsfield units, brighter to the right, the front and the head."""
    x, y, z = np.indices(SHAPE)
    return np.asarray(-1000 + 45 * x + y + 100 * z, dtype=np.int16)


def files() -> dict[str, bytes]:
    """The volume with its axes changed round and turned round; a slice seen from the side; a
    photograph."""
    there = nibabel.nifti1.Nifti1Image(volume(), np.diag([*SPACING, 1.0]))  # type: ignore[no-untyped-call]
    flipped = there.as_reoriented(np.array([[1, -1], [2, -1], [0, -1]]))  # type: ignore[no-untyped-call]
    written = nifti(np.asarray(flipped.dataobj), flipped.affine)
    sagittal = stored(
        np.arange(48 * 48, dtype=np.int16).reshape(48, 48),
        ImageOrientationPatient=[0, 1, 0, 0, 0, -1],
    )  # fmt: skip
    photograph = np.arange(30 * 30, dtype=np.uint16).reshape(30, 30).astype(np.uint8)
    return {
        "a/flipped.nii": written,
        "a/sagittal.dcm": saved(sagittal),
        "b/photograph.png": png(photograph),
    }


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    with installed(tmp_path_factory.mktemp("viewer")) as home:
        yield cohorts.bring_in("volume.zip", zipped(files())), home


@pytest.fixture(scope="module")
def alone(cohort: tuple[str, Path]) -> Iterator[str]:
    with page_alone(Path(__file__).with_name("one_scan.py"), cohort[1]) as address:
        yield address


@pytest.fixture
def look(browser: Browser, alone: str, cohort: tuple[str, Path]) -> Iterator[Open]:
    """Opens the viewer with a scan."""
    context = browser.new_context(viewport={"width": 1000, "height": 900}, has_touch=True)
    context.set_default_timeout(PATIENCE)

    def opened(name: str) -> Page:
        tab = context.new_page()
        tab.goto(f"{alone}/?{urlencode({'cohort': cohort[0], 'scan': name})}")
        expect(tab.locator(".scale span")).to_have_text(re.compile("mm|pixels"))
        return tab

    yield opened
    context.close()


def canvas(page: Page) -> Locator:
    return page.locator("canvas.picture")


def spot(page: Page, column: int, row: int, size: tuple[int, int], side: tuple[float, float]
         ) -> tuple[float, float]:  # fmt: skip
    """Where on the screen the middle of a pixel is; ``side``: millimetres (across, down)."""
    box = canvas(page).bounding_box()
    assert box is not None
    across, down = (one / min(side) for one in side)
    fit = min(box["width"] / (size[0] * across), box["height"] / (size[1] * down))
    x = box["x"] + box["width"] / 2 + (column + 0.5 - size[0] / 2) * across * fit
    y = box["y"] + box["height"] / 2 + (row + 0.5 - size[1] / 2) * down * fit
    return x, y


def of_volume(page: Page, column: int, row: int) -> tuple[float, float]:
    return spot(page, column, row, SHAPE[:2], SPACING[:2])


def dragged(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*end, steps=4)
    page.mouse.up()


def test_the_value_under_the_cursor_is_that_of_the_file(look: Open) -> None:
    page, there = look(BETWEEN), volume()
    for column, row in ((0, 0), (59, 0), (0, 39), (31, 17)):
        page.mouse.move(*of_volume(page, column, row))
        value = there[59 - column, 39 - row, 4]
        said = f"{value} HU, column {column + 1}, row {row + 1}"
        expect(page.locator(".value")).to_have_text(said)


def test_the_letters_are_those_of_the_body(look: Open) -> None:
    page = look(BETWEEN)
    edges = {edge: page.locator(f".side.{edge}") for edge in ("left", "right", "top", "bottom")}
    # The brightest values are on the right, which is at the left edge.
    for edge, letter in {"left": "R", "right": "L", "top": "A", "bottom": "P"}.items():
        expect(edges[edge]).to_have_text(letter)
    page = look("a/sagittal.dcm")
    for edge, letter in {"left": "A", "right": "P", "top": "H", "bottom": "F"}.items():
        expect(page.locator(f".side.{edge}")).to_have_text(letter)
    page = look("b/photograph.png")
    expect(page.locator(".side.left")).to_have_text("")
    expect(page.locator(".notes")).to_contain_text("not known")


def test_wheel_and_keys_turn_slices(look: Open) -> None:
    page, there = look(BETWEEN), volume()
    at = page.get_by_text(re.compile("Slice [0-9] of 9"))
    expect(at).to_have_text("Slice 5 of 9")
    page.mouse.move(*of_volume(page, 10, 10))
    page.mouse.wheel(0, 120)
    expect(at).to_have_text("Slice 6 of 9")
    expect(page.locator(".value")).to_contain_text(f"{there[49, 29, 5]} HU")
    canvas(page).focus()
    for key, number in (
        ("ArrowDown", 7),
        ("ArrowLeft", 6),
        ("Home", 1),
        ("ArrowUp", 1),
        ("End", 9),
    ):
        page.keyboard.press(key)
        expect(at).to_have_text(f"Slice {number} of 9")
        expect(page.locator(".value")).to_contain_text(f"{there[49, 29, number - 1]} HU")


def test_a_ruler_is_as_long_as_the_file_says(look: Open) -> None:
    page = look(BETWEEN)
    page.get_by_role("button", name="Ruler").click()
    dragged(page, of_volume(page, 10, 10), of_volume(page, 40, 10))
    expect(page.locator(".length")).to_have_text("60.0 mm")
    dragged(page, of_volume(page, 12, 8), of_volume(page, 12, 18))
    expect(page.locator(".length")).to_have_text("40.0 mm")
    dragged(page, of_volume(page, 10, 10), of_volume(page, 25, 20))
    expect(page.locator(".length")).to_have_text("50.0 mm")
    page = look("b/photograph.png")
    page.get_by_role("button", name="Ruler").click()
    ends = (spot(page, column, 15, (30, 30), (1, 1)) for column in (5, 25))
    dragged(page, *ends)
    expect(page.locator(".length")).to_have_text("20.0 pixels")
    expect(page.locator(".notes")).to_contain_text("lengths are in pixels")


def test_a_ruler_by_key(look: Open) -> None:
    page, there = look(BETWEEN), volume()
    page.get_by_role("button", name="Ruler").press("Enter")
    canvas(page).focus()
    for key in ("ArrowRight", "Enter", "Shift+ArrowRight", "ArrowDown", "ArrowUp", "Enter"):
        page.keyboard.press(key)
    expect(page.locator(".length")).to_have_text("20.0 mm")
    expect(page.locator(".value")).to_have_text(f"{there[18, 19, 4]} HU, column 42, row 21")
    page.keyboard.press("Escape")
    expect(page.locator(".length")).to_have_text("")


def test_a_window_is_that_of_its_name_and_can_be_dragged(look: Open) -> None:
    page, there = look(BETWEEN), volume()
    page.get_by_label("Window preset").select_option("Lung")
    centre, width = page.get_by_label("Window centre"), page.get_by_label("Window width")
    expect(centre).to_have_value("-600")
    expect(width).to_have_value("1500")
    x, y = of_volume(page, 54, 20)
    box = canvas(page).bounding_box()
    assert box is not None
    grey = canvas(page).evaluate(
        "(one, [x, y]) => Array.from(one.getContext('2d').getImageData(x, y, 1, 1).data)",
        [x - box["x"], y - box["y"]],
    )
    meant = 255 * (int(there[5, 19, 4]) + 1350) / 1500
    assert grey == pytest.approx([meant, meant, meant, 255], abs=1)
    dragged(page, (x, y), (x + 50, y - 30))
    expect(page.get_by_label("Window preset")).to_have_value("Custom")
    assert float(width.input_value()) > 1500
    assert float(centre.input_value()) < -600
    page.get_by_role("button", name="Reset").click()
    expect(page.get_by_label("Window preset")).to_have_value("Middle 99 %")


def test_zooming_leaves_what_is_under_the_cursor(look: Open) -> None:
    page = look(BETWEEN)
    page.mouse.move(*of_volume(page, 20, 12))
    said = page.locator(".value").inner_text()
    page.keyboard.down("Control")
    page.mouse.wheel(0, -120)
    page.mouse.wheel(0, -120)
    page.keyboard.up("Control")
    expect(page.locator(".value")).to_have_text(said)
    page.get_by_role("button", name="Ruler").click()
    page.get_by_role("button", name="Zoom out").click()
    dragged(page, of_volume(page, 20, 20), of_volume(page, 40, 20))
    assert float(page.locator(".length").inner_text().removesuffix(" mm")) < 40


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_viewer_shuts_nobody_out(look: Open, scheme: Literal["light", "dark"]) -> None:
    page = look(BETWEEN)
    page.emulate_media(color_scheme=scheme)
    page.reload()
    expect(page.locator(".scale span")).to_have_text(re.compile("mm"))
    assert not [one["id"] for one in Axe().run(page).response["violations"]]


def test_a_finger_turns_slices_and_two_zoom(look: Open) -> None:
    page = look(BETWEEN)
    touch = page.context.new_cdp_session(page)

    def fingers(kind: str, *places: tuple[float, float]) -> None:
        points = [{"x": x, "y": y, "id": k} for k, (x, y) in enumerate(places)]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    x, y = of_volume(page, 30, 15)
    fingers("touchStart", (x, y))
    for step in range(1, 5):
        fingers("touchMove", (x, y + 8 * step))
    fingers("touchEnd")
    expect(page.get_by_text("Slice 7 of 9")).to_be_visible()
    before = page.locator(".scale span").inner_text()
    fingers("touchStart", (x - 30, y), (x + 30, y))
    for step in range(1, 6):
        fingers("touchMove", (x - 30 - 20 * step, y), (x + 30 + 20 * step, y))
    fingers("touchEnd")
    expect(page.locator(".scale span")).not_to_have_text(before)
    expect(page.get_by_text("Slice 7 of 9")).to_be_visible()
