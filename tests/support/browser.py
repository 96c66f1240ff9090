"""A headless Chromium that is allowed no network, for tests of the report."""

import os
import shutil
import subprocess
import tarfile
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def chromium(folder, size=(1200, 900), *, javascript=True):
    """A browser driven by selenium; the test is skipped, with the reason, where there is none."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    binary = next(
        (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
    )
    driver = shutil.which("chromedriver")
    if binary is None or driver is None:
        pytest.skip("no chromium with chromedriver on this machine (Debian: apt-get install chromium chromium-driver)")
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    # No network: every host name but that of the driver itself resolves to nothing.
    for argument in (
        "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
        f"--window-size={size[0]},{size[1]}", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        f"--user-data-dir={folder / 'profile'}", "--disable-background-networking", "--no-first-run",
    ):  # fmt: skip
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    if not javascript:
        options.add_experimental_option("prefs", {"profile.managed_default_content_settings.javascript": 2})
    browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    try:
        yield browser
    finally:
        browser.quit()


AXE = "4.10.3"
"""Version of axe-core, the judge of accessibility."""


def axe_core(folder):
    """Its script as text. MPL-2.0, so it does not come with the project: AXE_CORE names a copy, else npm is asked.

    The test is skipped, with the reason, where there is none. npm checks what it gets against the registry's checksum.
    """
    named = os.environ.get("AXE_CORE")
    if named:
        return Path(named).read_text(encoding="utf-8")
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("no axe-core: set AXE_CORE to its axe.min.js, or install npm")
    command = [npm, "pack", f"axe-core@{AXE}", "--fetch-retries=0", "--fetch-timeout=20000", "--silent"]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip("no axe-core: the registry does not answer (set AXE_CORE to its axe.min.js)")
    packed = folder / f"axe-core-{AXE}.tgz"
    if done.returncode or not packed.is_file():
        pytest.skip("no axe-core: the registry does not have it (set AXE_CORE to its axe.min.js)")
    with tarfile.open(packed) as archive:
        member = archive.extractfile("package/axe.min.js")
        assert member is not None
        return member.read().decode()


def axe_findings(browser, script):
    """Findings of axe on the page that is shown: impact, rule, and the first element of each."""
    browser.execute_script(script)
    browser.set_script_timeout(60)
    result = browser.execute_async_script("axe.run(document).then(arguments[arguments.length - 1])")
    return [
        (one["impact"], one["id"], one["nodes"][0]["html"][:120], one["nodes"][0]["failureSummary"])
        for one in result["violations"]
    ]


@contextmanager
def emulated(browser, **features):
    """Media features such as ``prefers_color_scheme="dark"`` or ``media="print"`` for a while."""
    media = features.pop("media", "")
    named = [{"name": key.replace("_", "-"), "value": value} for key, value in features.items()]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media, "features": named})
    try:
        yield
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": []})


def resized(browser, width, height):
    """Make the page as wide as a phone, which no window of a desktop browser is."""
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
