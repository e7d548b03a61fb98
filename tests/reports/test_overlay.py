"""Pictures of scans: what is drawn lies on its pixels, and what is said stands whole."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from pmed_core.evidence import Region
from pmed_core.inspection import Sketch
from pmed_core.reports import overlay
from pmed_core.scans import unsquared
from pmed_core.settings import RESEARCH_ONLY
from tests.reports import cases

Picture = NDArray[Any]


def read(png: bytes) -> Picture:
    """As another reader sees it."""
    return np.asarray(Image.open(io.BytesIO(png)))


def border(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Inside, with a neighbour above, below, left or right that is outside: pixel by pixel."""
    found = np.zeros_like(mask)
    for row, column in np.argwhere(mask):
        for y, x in ((row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)):
            beyond = not (0 <= y < mask.shape[0] and 0 <= x < mask.shape[1])
            if beyond or not mask[y, x]:
                found[row, column] = True
    return found


MASKS = st.integers(1, 12).flatmap(
    lambda h: st.integers(1, 12).flatmap(
        lambda w: st.lists(st.booleans(), min_size=h * w, max_size=h * w).map(
            lambda cells: np.array(cells).reshape(h, w)
        )
    )
)


@settings(max_examples=60)
@given(MASKS)
def test_an_outline_is_the_border_of_the_mask_on_the_same_pixels(mask: NDArray[np.bool_]) -> None:
    drawn = overlay.outlined(mask)
    assert drawn.shape == (*mask.shape, 4)
    assert ((drawn[..., 3] == 255) == border(mask)).all()
    assert (drawn[border(mask)][:, :3] == overlay.OUTLINED).all()


@settings(max_examples=30)
@given(MASKS)
def test_a_mask_is_exported_pixel_by_pixel(mask: NDArray[np.bool_]) -> None:
    assert (read(overlay.mask_png(mask)) == np.where(mask, 255, 0)).all()


def test_the_outline_in_the_picture_lies_on_the_pixels_of_the_mask() -> None:
    mask = np.zeros((400, 500), dtype=bool)
    mask[100:180, 300:420] = mask[250, 7] = True
    quiet = cases.evidence(outline=mask, places=np.zeros((4, 4)), regions=())
    shown = np.asarray(overlay.evidence_picture(np.full((400, 500), 80, np.uint8), quiet, None))
    blue = (shown == overlay.OUTLINED).all(axis=-1)
    assert (blue == border(mask)).all()
    assert (shown[~blue] == 80).all()


def test_a_small_scan_is_enlarged_with_its_outline_in_place() -> None:
    mask = np.zeros((40, 60), dtype=bool)
    mask[10:20, 30:45] = True
    quiet = cases.evidence(outline=mask, places=np.zeros((4, 4)), regions=())
    shown = np.asarray(overlay.evidence_picture(np.zeros((40, 60), np.uint8), quiet, None))
    zoom = shown.shape[0] // 40
    assert shown.shape == (40 * zoom, 60 * zoom, 3)
    middles = shown[zoom // 2 :: zoom, zoom // 2 :: zoom].astype(int)
    bluish = np.abs(middles - overlay.OUTLINED).sum(axis=-1) < np.abs(middles).sum(axis=-1)
    assert (bluish == border(mask)).all()


@pytest.mark.parametrize("shape", [(40, 60), (60, 40), (50, 50), (41, 64)])
def test_a_place_colours_its_own_part_of_the_scan(shape: tuple[int, int]) -> None:
    longest = max(shape)
    above, before = (longest - shape[0]) // 2, (longest - shape[1]) // 2
    for row in range(4):
        for column in range(4):
            places = np.zeros((4, 4))
            places[row, column] = 1.0
            layer = overlay.coloured(cases.evidence(places=places), shape)
            y = round((row + 0.5) * longest / 4) - above
            x = round((column + 0.5) * longest / 4) - before
            if 0 <= y < shape[0] and 0 <= x < shape[1]:
                assert layer[y, x, 3] > 0.7 * layer[..., 3].max() > 0
            assert (layer[layer[..., 3] > 0][:, :3] == overlay.FOR).all()


def test_what_speaks_against_has_the_other_colour() -> None:
    places = np.zeros((4, 4))
    places[0, 0], places[3, 3] = 2.0, -2.0
    layer = overlay.coloured(cases.evidence(places=places), (64, 64))
    assert tuple(layer[4, 4, :3]) == overlay.FOR
    assert tuple(layer[60, 60, :3]) == overlay.AGAINST
    assert layer[4, 4, 3] == layer[60, 60, 3] == 255
    assert layer[32, 32, 3] < 10


@settings(max_examples=30)
@given(st.floats(1e-6, 3.0))
def test_a_map_that_hardly_moves_the_model_is_faint(total: float) -> None:
    places = np.full((2, 2), total / 4)
    found = cases.evidence(places=places)
    strongest = overlay.coloured(found, (8, 8))[..., 3].max() / 255
    assert strongest == pytest.approx(min(1.0, total / 0.5), abs=1 / 255)
    assert ("Faint" in overlay.legend(found)) == (total < 0.5)


def test_places_that_say_nothing_colour_nothing() -> None:
    assert not overlay.coloured(cases.evidence(places=np.zeros((3, 3))), (9, 9))[..., 3].any()


def test_a_regions_box_lies_round_its_pixels_and_has_its_number() -> None:
    regions = (Region(100, 50, 220, 260, 900, 1.0), Region(300, 300, 390, 395, 90, -1.0))
    found = cases.evidence(outline=None, places=np.zeros((4, 4)), regions=regions)
    shown = np.asarray(overlay.evidence_picture(np.full((400, 400), 80, np.uint8), found, None))
    for region, colour in zip(regions, (overlay.FOR, overlay.AGAINST), strict=True):
        hit = (shown == colour).all(axis=-1)
        rows, columns = np.flatnonzero(hit.any(axis=1)), np.flatnonzero(hit.any(axis=0))
        assert (rows[0], rows[-1]) == (region.top, region.bottom)
        assert (columns[0], columns[-1]) == (region.left, region.right)
        chip = shown[region.top : region.top + 24, region.left : region.left + 20]
        assert (chip == 255).all(axis=-1).sum() > 4


def test_the_legend_names_what_is_drawn() -> None:
    assert "outlined" in overlay.legend(cases.evidence())
    assert "outlined" not in overlay.legend(cases.evidence(outline=None))


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[tuple[tuple[float, ...], str, Any]]:
    """What is written on pictures: its box, its text and the size of its picture."""
    from PIL import ImageDraw

    found: list[tuple[tuple[float, ...], str, Any]] = []
    original = ImageDraw.ImageDraw.text

    def text(self: Any, xy: Any, text: str, fill: Any = None, font: Any = None, *more: Any) -> None:
        box = self.textbbox(xy, text, font, *more)
        found.append((box, text, self.im.size))
        original(self, xy, text, fill, font, *more)

    monkeypatch.setattr(ImageDraw.ImageDraw, "text", text)
    return found


@pytest.mark.parametrize(
    "shape", [(40, 60), (700, 90), (90, 700), (512, 512), (600, 30), (2000, 1500)]
)
@pytest.mark.parametrize(
    "label", ["finding", "a finding with a long name " * 9, "x" * 300, "肺結節"]
)
def test_all_that_is_written_on_a_picture_stands_within_it(
    written: list[Any], shape: tuple[int, int], label: str
) -> None:
    found = cases.evidence(
        label=label, labels=(label,), outline=np.zeros(shape, dtype=bool), regions=()
    )
    picture = read(overlay.overlay_png(np.full(shape, 80, np.uint8), found))
    height, width = picture.shape[:2]
    for (left, top, right, bottom), text, _ in written:
        assert left >= 0, text
        assert top >= 0, text
        assert right <= width, text
        assert bottom <= height, text
    texts = [text for _, text, _ in written]
    assert any(text == "肺結節" for text in texts) == (label == "肺結節")
    assert texts[-1] == RESEARCH_ONLY
    assert "".join("".join(texts[:-1]).split()).startswith("".join(f"{label}: 71%".split()))
    # Letters grow with the picture, or nobody could read them where it is shown whole.
    least = min(box[3] - box[1] for box, text, _ in written if text == RESEARCH_ONLY)
    assert least >= max(9, max(shape) / 60)


def test_no_line_below_the_picture_is_written_on_another(written: list[Any]) -> None:
    label = "a finding with a long name " * 12
    found = cases.evidence(label=label, labels=(label,))
    overlay.overlay_png(cases.pixels(), found)
    lines = [box for box, _, _ in written if box[1] > 280]
    assert len(lines) > 3
    for one, other in zip(lines, lines[1:], strict=False):
        assert one[3] <= other[1] + 1


def test_a_label_in_characters_of_another_script_is_no_row_of_boxes() -> None:
    one, other = (
        overlay.overlay_png(cases.pixels(), cases.evidence(label=label, labels=(label,)))
        for label in ("肺結節", "腎腫瘍")
    )
    assert (read(one) != read(other)).any()


def test_a_character_that_no_font_has_is_told_by_its_number(written: list[Any]) -> None:
    overlay.overlay_png(cases.pixels(), cases.evidence(label="ไ\u202ex", labels=("ไ\u202ex",)))
    assert any("[U+0E44]x: 71 %" in text for _, text, _ in written)


def test_the_probability_is_that_of_the_evidence_and_of_classes_none_is_said(
    written: list[Any],
) -> None:
    overlay.overlay_png(cases.pixels(), cases.evidence(prediction=0.0))
    assert any("finding: 50 %" in text for _, text, _ in written)
    written.clear()
    several = cases.evidence(labels=("a", "b", "c"), label="b")
    overlay.overlay_png(cases.pixels(), several)
    said = " ".join(text for _, text, _ in written)
    assert "b. Orange" in said
    assert "%" not in said


PICTURES: dict[str, Callable[[], bytes]] = {
    "evidence": lambda: overlay.overlay_png(cases.pixels(), cases.evidence()),
    "outline": lambda: overlay.mask_png(np.ones((3, 4), dtype=bool)),
    "plain": lambda: overlay.plain_png(cases.pixels(), None),
    "prepared": lambda: overlay.array_png(cases.pixels()[..., None]),
}


@pytest.mark.parametrize("name", PICTURES)
def test_every_picture_holds_the_notice_also_where_none_is_drawn(name: str) -> None:
    picture: Any = Image.open(io.BytesIO(PICTURES[name]()))
    assert picture.text["Comment"] == RESEARCH_ONLY


def test_a_window_decides_what_is_black_and_white() -> None:
    values = np.array([[-1000, -500, 0, 500, 1000]], np.int16)
    shown = read(overlay.plain_png(values, (0.0, 1000.0)))
    row = shown[shown.shape[0] // 2, :, 0].astype(int)
    fifth = len(row) // 5
    greys = [row[fifth * k + fifth // 2] for k in range(5)]
    assert greys == [0, 0, pytest.approx(127, abs=2), 255, 255]


def test_thumbnails_are_small_and_keep_their_shape() -> None:
    shown = read(overlay.small_png(np.zeros((300, 600), np.uint8), None, 96))
    assert shown.shape == (48, 96)


def test_a_sketch_shows_what_was_drawn_on_it() -> None:
    mask = np.zeros((20, 20), dtype=bool)
    mask[5:10, 5:12] = True
    for drawn in (mask, None):
        one = Sketch(np.full((20, 20), 60, np.uint8), drawn)
        blue = (read(overlay.sketch_png(one)) == overlay.OUTLINED).all(axis=-1)
        assert (blue == (border(mask) if drawn is not None else np.zeros_like(mask))).all()


def test_the_square_of_the_network_is_laid_on_the_scan_without_a_shift() -> None:
    flat = unsquared(np.arange(16, dtype=np.float32).reshape(4, 4), (4, 2))
    assert (flat == np.arange(16).reshape(4, 4)[:, 1:3]).all()
