"""The pictures of the README, taken of the app as it is.

    python -m docs.screenshots

A sample is opened, a model trained and a patient looked at in headless Chromium (Debian:
``apt-get install chromium``); what the screens show goes to ``docs/pictures``.
"""

from __future__ import annotations

import io
import shutil
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

from tests.journeys.server import served
from tests.journeys.steps import drawn, open_sample

TO = Path(__file__).parent / "pictures"
SIZE, COLOURS = (1440, 900), 128
SECONDS = 300_000


def kept(page: Page, name: str) -> None:
    """The screen as a PNG of few colours."""
    drawn(page)
    page.wait_for_timeout(1500)  # plots settle after the page has
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(TO / f"{name}.png", optimize=True)


def taken(page: Page) -> None:
    """From the sample to one patient."""
    open_sample(page, "intensive_care")
    page.get_by_role("link", name="Train").first.click()
    expect(page.get_by_role("button", name="Start training")).to_be_visible()
    drawn(page)
    page.get_by_role("button", name="Start training").click()
    page.get_by_role("button", name="See performance").click(timeout=SECONDS)
    expect(page.get_by_text("AUROC").first).to_be_visible()
    kept(page, "performance")
    page.get_by_role("link", name="Patient").first.click()
    page.wait_for_url("**/patient**")
    drawn(page)
    page.keyboard.press("Alt+ArrowDown")
    page.get_by_role("button", name="Report (PDF)").wait_for(timeout=SECONDS)
    kept(page, "patient")
    page.get_by_role("link", name="Home").first.click()
    expect(page.get_by_text("One patient").first).to_be_visible()
    kept(page, "home")


def main() -> None:
    """See the module's docstring."""
    TO.mkdir(exist_ok=True)
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with (
        tempfile.TemporaryDirectory() as home,
        served(Path(home)) as address,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": SIZE[0], "height": SIZE[1]})
        page.set_default_timeout(60_000)
        expect.set_options(timeout=60_000)
        page.goto(address)
        drawn(page)
        taken(page)
        browser.close()


if __name__ == "__main__":
    main()
