"""No page has a serious fault of accessibility that axe-core finds, in light and in dark."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from pages.parts.frame import SECTIONS
from tests.journeys.server import served
from tests.journeys.steps import PATIENCE, drawn

PAGES = [file for pages in SECTIONS.values() for file, _, _ in pages]
NOT_OURS = {
    # 2026-11: Streamlit 1.67 puts the sections of its navigation between a list and its items.
    "exclude": [["[data-testid=stSidebarNav]"]],
}
TAKEN_UP = ("serious", "critical")


def faults(page: Page, scheme: str) -> list[str]:
    """Rule and element of each serious one."""
    found: list[dict[str, Any]] = Axe().run(page, context=NOT_OURS).response["violations"]
    return [
        f"{one['id']}: {node['html'][:200]}"
        for one in found
        if one["impact"] in TAKEN_UP
        for node in one["nodes"]
        if not (scheme == "dark" and _chosen_segment(page, one["id"], node["target"][0]))
    ]


def _chosen_segment(page: Page, rule: str, target: str) -> bool:
    """2026-11: Streamlit 1.67 writes it in the colour behind the white words of primary buttons.
    On a dark page no colour has a contrast of 4.5 with both; its border and shade tell it too."""
    inside = "[data-testid^=stBaseButton-segmented], [role=radiogroup]"
    return rule == "color-contrast" and bool(
        page.locator(target).first.evaluate("(element, by) => !!element.closest(by)", inside)
    )


@pytest.fixture(scope="module")
def sampled(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an app with one sample."""
    with served(tmp_path_factory.mktemp("sampled")) as address:
        page = browser.new_page()
        page.goto(address)
        drawn(page)
        page.get_by_role("button", name="Open this sample").first.click(timeout=PATIENCE)
        page.wait_for_url("**/cohorts?cohort=**", timeout=PATIENCE)
        page.close()
        yield address


@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=pytest.mark.slow)])
def test_no_page_has_a_serious_fault(
    scheme: Literal["light", "dark"], browser: Browser, sampled: str
) -> None:
    context = browser.new_context(viewport={"width": 1440, "height": 1000}, color_scheme=scheme)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    for name in PAGES:
        page.goto(f"{sampled}/{'' if name == 'home' else name}")
        page.get_by_test_id("stHeading").first.wait_for()
        drawn(page)
        assert faults(page, scheme) == [], f"{name}, {scheme}"
    context.close()
