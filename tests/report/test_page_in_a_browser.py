"""The report in a browser, from disk and without a network, at the width of a desktop and of a phone."""

import dataclasses
import json
import re

import pytest

import sntransport as snt
from sntransport._objects.drawing import band_looks
from sntransport.report import contents
from sntransport.report import page as pages
from sntransport.transport.interpolators import wasserstein
from sntransport.validation.leave_out import judge
from tests.support import figures
from tests.support.browser import axe_core, axe_findings, chromium, emulated, resized

RIGHT, TAB, ENTER = "\ue014", "\ue004", "\ue007"
SIZES = {"desktop": (1200, 900), "phone": (390, 844)}


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """A report with all there is, of a name that nobody should trust."""
    sn = dataclasses.replace(
        figures.observed(), name='SN <script>alert("x")</script>', notes=("2 rows rejected", "a note")
    )
    made = contents.from_supernova(sn, snt.build(sn, cadence=2.0), figures.REFERENCE / "README.md", "cadence=2")
    made = dataclasses.replace(made, triplets=judge([sn], {"wasserstein": wasserstein}))
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(pages.render([made], "sntransport report 'SN x.json' -o report.html"), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with chromium(tmp_path_factory.mktemp("browser")) as driver:
        yield driver


@pytest.fixture
def opened(browser, path):
    resized(browser, *SIZES["desktop"])
    browser.get(path.as_uri())
    return browser


def one(browser, selector):
    return browser.find_element("css selector", selector)


def drawn(browser, selector):
    """Number of pixels of a plot that are neither paper nor gray: curves, points and shades."""
    return browser.execute_script(
        """const canvas = document.querySelector(arguments[0] + ' canvas');
        const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
        let n = 0;
        for (let i = 0; i < pixels.length; i += 4)
        {
          const rgb = pixels.slice(i, i + 3);
          if (pixels[i + 3] && Math.max(...rgb) - Math.min(...rgb) > 40) n++;
        }
        return n;""",
        selector,
    )


def picture(browser, selector):
    return browser.execute_script(f"return document.querySelector('{selector} canvas').toDataURL()")


def test_from_disk_without_a_network(opened, path):
    assert one(opened, ".viewer").is_displayed()
    canvas = one(opened, ".spectrum .u-over")
    opened.execute_script("arguments[0].scrollIntoView({block: 'center'})", canvas)
    webdriver = pytest.importorskip("selenium.webdriver")
    webdriver.ActionChains(opened).move_to_element(canvas).perform()
    assert re.search(r"rebuilt:?\s*\d\.\d{3}e", one(opened, ".spectrum").text)
    assert [entry for entry in opened.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")] == []
    asked = [json.loads(entry["message"])["message"] for entry in opened.get_log("performance")]
    sent = [entry["params"] for entry in asked if entry["method"] == "Network.requestWillBeSent"]
    urls = {entry["request"]["url"] for entry in sent if entry["documentURL"] == path.as_uri()}
    assert path.as_uri() in urls
    assert all(url.startswith(("file:", "data:")) for url in urls), urls
    assert opened.execute_script("return document.title").startswith("SN <script>")


@pytest.mark.parametrize("size", SIZES)
def test_the_first_view_shows_data_and_fits(browser, path, size):
    resized(browser, *SIZES[size])
    browser.get(path.as_uri())
    for plot in (".spectrum", ".curves"):
        assert drawn(browser, plot) > 300, plot
    assert browser.execute_script("return document.documentElement.scrollWidth <= window.innerWidth")
    # Captions wrap: none is wider than the page.
    wide = """return [...document.querySelectorAll('figcaption, .caption, .hint')]
        .filter((one) => one.getBoundingClientRect().right > innerWidth + 1 || one.scrollWidth > one.clientWidth + 1)
        .length"""
    assert browser.execute_script(wide) == 0
    assert browser.execute_script("return document.querySelectorAll('figcaption').length") == 9


def test_every_step_of_the_slider_shows_data(opened):
    slider = one(opened, ".phase")
    seen = {picture(opened, ".spectrum")}
    steps = int(slider.get_attribute("max")) - int(slider.get_attribute("value"))
    for _ in range(steps):
        slider.send_keys(RIGHT)
        assert drawn(opened, ".spectrum") > 200
        seen.add(picture(opened, ".spectrum"))
    assert len(seen) > 0.9 * steps
    assert slider.get_attribute("aria-valuetext") == one(opened, ".phase-now").text


@pytest.mark.parametrize("plot", [".spectrum", ".curves"])
def test_keys_zoom_move_and_show_all_again(opened, plot):
    box = one(opened, plot)
    first = picture(opened, plot)
    box.send_keys("0")
    whole = picture(opened, plot)
    box.send_keys("+")
    closer = picture(opened, plot)
    box.send_keys(RIGHT)
    moved = picture(opened, plot)
    assert len({whole, closer, moved}) == 3
    box.send_keys("-")
    box.send_keys("-")
    box.send_keys("-")
    # As far out as there are data, and no farther.
    assert picture(opened, plot) == whole
    assert plot == ".curves" or first == whole
    box.send_keys("+")
    box.send_keys("0")
    assert picture(opened, plot) == whole


def test_keys_read_the_values(opened):
    box = one(opened, ".spectrum")
    reading = opened.execute_script("return document.querySelector('.spectrum').nextElementSibling")
    assert reading.get_attribute("aria-live") == "polite"
    box.send_keys(".")
    first = reading.text
    assert re.match(r"\d{4} Å: .*rebuilt \d\.\d{3}e", first), first
    box.send_keys(".")
    second = reading.text
    assert float(second.split()[0]) > float(first.split()[0])
    box.send_keys(",")
    assert reading.text == first


def test_plots_are_reached_with_tab_and_have_a_ring_and_names(opened):
    """In the order of the page: slider, plot, its names, the second plot."""
    reached, ring = [], []
    one(opened, ".phase").click()
    active = opened.switch_to.active_element
    for _ in range(14):
        active.send_keys(TAB)
        active = opened.switch_to.active_element
        reached.append(active.get_attribute("class") or active.get_attribute("role"))
        if "plot" in reached[-1]:
            ring.append(active.value_of_css_property("outline-style"))
            assert active.get_attribute("aria-label")
            assert opened.execute_script(
                "return document.getElementById(arguments[0])", active.get_attribute("aria-describedby")
            )
    assert reached[0].startswith("plot spectrum")
    assert any(name.startswith("plot curves") for name in reached)
    assert "button" in reached
    assert ring
    assert all(style == "solid" for style in ring)


def test_names_hide_what_they_stand_for(opened):
    name = opened.find_elements("css selector", ".curves .u-legend [role=button]")[0]
    assert name.get_attribute("aria-pressed") == "true"
    before = picture(opened, ".curves")
    name.send_keys(ENTER)
    assert name.get_attribute("aria-pressed") == "false"
    assert picture(opened, ".curves") != before
    name.send_keys(ENTER)
    assert picture(opened, ".curves") == before
    name.click()
    opened.execute_async_script("setTimeout(arguments[0], 50)")
    assert name.get_attribute("aria-pressed") == "false"


def test_points_have_error_bars(opened):
    """Hiding points takes their bars away: more pixels than the circles alone."""
    held = json.loads(opened.execute_script("return document.querySelector('.data').textContent"))
    band = held["light_curves"]["bands"][0]
    assert all(error > 0 for error in band["err"])
    rows = opened.execute_script(
        """const canvas = document.querySelector('.curves canvas'), ctx = canvas.getContext('2d');
        const seen = [], line = ctx.constructor.prototype.lineTo;
        ctx.lineTo = function (x, y) { seen.push([x, y]); return line.call(this, x, y); };
        document.querySelector('.theme').click();
        return seen;"""
    )
    assert len(rows) >= sum(len(one["at"]) for one in held["light_curves"]["bands"])


def test_bands_have_the_color_that_figures_give_them(opened):
    """B, V and R, a curve and its points each: the mark beside each name, after that of the phase."""
    script = "return [...document.querySelectorAll('.curves .u-marker')].map((m) => getComputedStyle(m).borderTopColor)"
    wanted = [look.color for look in band_looks(figures.BANDS)]
    shown = [f"rgb({int(one[1:3], 16)}, {int(one[3:5], 16)}, {int(one[5:], 16)})" for one in wanted]
    assert opened.execute_script(script)[1:] == [color for color in shown for _ in range(2)]


def test_dark_colors_follow_the_system_and_the_button(opened, path):
    paper = "return getComputedStyle(document.body).backgroundColor"
    button = one(opened, ".theme")
    light, before = opened.execute_script(paper), picture(opened, ".curves")
    assert light == "rgb(255, 255, 255)"
    button.click()
    dark = opened.execute_script(paper)
    assert dark != light
    assert button.get_attribute("aria-pressed") == "true"
    assert picture(opened, ".curves") != before
    button.click()
    assert opened.execute_script(paper) == light
    assert picture(opened, ".curves") == before
    with emulated(opened, prefers_color_scheme="dark"):
        opened.get(path.as_uri())
        assert opened.execute_script(paper) == dark
        assert one(opened, ".theme").get_attribute("aria-pressed") == "true"
        one(opened, ".theme").click()
        assert opened.execute_script(paper) == light


def test_on_paper_all_is_open_and_black_on_white(opened):
    one(opened, ".theme").click()
    with emulated(opened, media="print"):
        assert (
            opened.execute_script("return getComputedStyle(document.documentElement).getPropertyValue('--ink')").strip()
            == "#1a1a1a"
        )
        for hidden in (".viewer", "nav", ".theme"):
            assert not one(opened, hidden).is_displayed()
        assert one(opened, "figure img").is_displayed()
    opened.execute_script("window.dispatchEvent(new Event('beforeprint'))")
    assert opened.execute_script("return document.querySelectorAll('details:not([open])').length") == 0
    opened.execute_script("window.dispatchEvent(new Event('afterprint'))")
    assert opened.execute_script("return document.querySelectorAll('details:not([open])').length") > 0


@pytest.mark.parametrize("size", SIZES)
def test_axe_finds_nothing_serious(browser, path, size, tmp_path):
    script = axe_core(tmp_path)
    resized(browser, *SIZES[size])
    browser.get(path.as_uri())
    for scheme in ("light", "dark"):
        with emulated(browser, prefers_color_scheme=scheme):
            found = axe_findings(browser, script)
            assert [one for one in found if one[0] in ("serious", "critical")] == []
    # The judge is awake: a picture without words and a plot without a name are found.
    browser.execute_script("document.querySelector('figure img').removeAttribute('alt')")
    assert "image-alt" in [one[1] for one in axe_findings(browser, script)]


def test_without_javascript(path, tmp_path):
    with chromium(tmp_path, size=(500, 900), javascript=False) as browser:
        browser.get(path.as_uri())
        assert not one(browser, ".viewer").is_displayed()
        assert not one(browser, ".theme").is_displayed()
        assert "needs JavaScript" in one(browser, "body").text
        pictures = browser.find_elements("css selector", "figure img")
        assert len(pictures) == 9
        assert all(picture.is_displayed() and picture.size["width"] > 300 for picture in pictures)
