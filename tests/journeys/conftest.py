"""A real server and a real browser. Skipped where there is no Chromium, unless required."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import suppress

import pytest
from playwright.sync_api import Browser, Error, Page, expect, sync_playwright

from tests.journeys.server import served
from tests.journeys.steps import PATIENCE

expect.set_options(timeout=PATIENCE)
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        if os.environ.get("PMED_JOURNEYS") == "required":
            pytest.fail("the journeys need Chromium, and there is none")
        pytest.skip("there is no Chromium on this machine")
    with sync_playwright() as playwright:
        options = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=options)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an app with an empty installation and the local engine."""
    with served(tmp_path_factory.mktemp("home")) as address:
        yield address


@pytest.fixture
def page(browser: Browser, server: str) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1440, "height": 1000}, accept_downloads=True)
    context.set_default_timeout(PATIENCE)
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    tab = context.new_page()
    tab.goto(server)
    yield tab
    with suppress(Error):  # pytest shows it where the journey failed
        sys.stdout.write(f"At the end {tab.url} shows\n{tab.locator('body').aria_snapshot()}\n")
    context.close()
    outside = {url for url in asked if not url.startswith((server, "data:", "blob:"))}
    assert not outside, "the browser asked somebody other than the server"
