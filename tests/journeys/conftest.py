"""A real server and a real browser. Skipped where there is no Chromium, unless required."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).parents[2]
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
    home = tmp_path_factory.mktemp("home")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {"PMED_HOME": str(home), "PMED_ENGINE": "local"}
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless=true"]
    app = subprocess.Popen([*command, f"--server.port={port}"], cwd=ROOT, env=environment)
    address = f"http://127.0.0.1:{port}"
    _wait_until_healthy(address)
    yield address
    app.terminate()
    app.wait(timeout=30)


def _wait_until_healthy(address: str) -> None:
    for _ in range(240):
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=1):
                return
        except OSError:
            time.sleep(0.25)
    pytest.fail("the app did not start")


@pytest.fixture
def page(browser: Browser, server: str) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1440, "height": 1000}, accept_downloads=True)
    context.set_default_timeout(30_000)
    tab = context.new_page()
    tab.goto(server)
    yield tab
    context.close()
