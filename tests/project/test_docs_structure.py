"""Every page of the documentation is in one group, and readers reach it from there."""

import re

import pytest

from tests.conftest import ROOT

DOCS = ROOT / "docs"
GROUPS = ("tutorials", "howto", "reference", "background")
RECORDS = "records"
# Its path is fixed; it is a page of the reference.
ELSEWHERE = {"architecture": "reference"}
TREE = re.compile(r"^```\{toctree\}\n(.*?)^```", flags=re.DOTALL | re.MULTILINE)
LISTED = re.compile(r"^- \[([^]]+)\]\(([^)]+)\.md\): (.+)$", flags=re.MULTILINE)
LINK = re.compile(r"(?<!!)\[[^]]*\]\((?!\w+:)([^)\s#]*)(?:#([^)\s]+))?\)")
CODE = re.compile(r"^```([^\n]*)\n(.*?)^```", flags=re.DOTALL | re.MULTILINE)


def text_of(path):
    return path.read_text(encoding="utf-8")


def without_code(text):
    return re.sub(r"^```.*?^```|`[^`\n]*`|\$\$.*?\$\$|\$[^$\n]*\$", "", text, flags=re.DOTALL | re.MULTILINE)


def pages(folder):
    return {path.stem for path in (DOCS / folder).glob("*.md")} - {"index"}


def tree(folder):
    """What the contents of an index name, patterns that match nothing left out."""
    (body,) = TREE.findall(text_of(DOCS / folder / "index.md"))
    names = [line for line in body.splitlines() if line and not line.startswith(":")]
    found = []
    for name in names:
        if name.endswith("*"):
            found += sorted(path.stem for path in (DOCS / folder).glob(f"{name}.md"))
        else:
            found.append(name)
    return found


def all_pages():
    built = {"_build", "api_pages", "jupyter_execute", "_templates"}
    return sorted(path for path in DOCS.rglob("*.md") if not built & set(path.relative_to(DOCS).parts))


def test_the_contents_are_the_four_groups():
    assert tree("") == [f"{group}/index" for group in GROUPS]


def test_every_page_is_in_exactly_one_group():
    folders = {path.relative_to(DOCS).parent.as_posix() for path in all_pages()}
    assert folders == {".", *GROUPS, RECORDS}
    assert {path.stem for path in DOCS.glob("*.md")} == {"index", *ELSEWHERE}
    named = [name.rpartition("/")[2] for folder in (*GROUPS, RECORDS) for name in tree(folder)]
    named.remove("index")
    assert set(ELSEWHERE) <= set(named)


@pytest.mark.parametrize("folder", [*GROUPS, RECORDS])
def test_an_index_has_all_pages_of_its_folder_once_and_says_what_each_is_for(folder):
    more = {f"../{page}" for page, group in ELSEWHERE.items() if group == folder}
    more |= {f"../{RECORDS}/index"} if folder == "background" else set()
    names = tree(folder)
    assert sorted(names) == sorted(pages(folder) | more)
    told = {page: words for _, page, words in LISTED.findall(text_of(DOCS / folder / "index.md"))}
    assert set(names) <= set(told)
    assert all(len(words) > 20 and words.endswith(".") for words in told.values())


def test_records_are_apart_from_the_guide():
    # Background names them, as one entry; no group has one of their pages.
    for folder in GROUPS:
        assert [name for name in tree(folder) if RECORDS in name] == (
            [f"../{RECORDS}/index"] if folder == "background" else []
        )
    # Tables that the benchmarks write are records.
    for path in all_pages():
        if "<!-- measured: " in text_of(path):
            assert path.parent.name == RECORDS, path


def anchors(text):
    """Anchors of headings, as MyST makes them down to the third level."""
    heads = re.findall(r"^#{1,3} (.+)$", re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE), flags=re.M)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", [*all_pages(), ROOT / "README.md"], ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_between_pages_lead_somewhere(page):
    # A tutorial that an index names may still be missing: the build leaves such lines out.
    for target, anchor in LINK.findall(without_code(text_of(page))):
        path = (page.parent / target).resolve() if target else page
        if page.name == "index.md" and page.parent.name == "tutorials" and not path.exists():
            continue
        assert path.exists(), f"{page.name}: {target}"
        if anchor and path.suffix == ".md":
            assert anchor in anchors(text_of(path)), f"{page.name}: {target}#{anchor}"


def test_no_guide_is_a_wall():
    # Tutorials take their time and the reference is looked up; a guide is read in one go.
    for path in (DOCS / "howto").glob("*.md"):
        assert len(text_of(path).splitlines()) < 220, path


def test_code_is_copied_without_prompts():
    conf = text_of(DOCS / "conf.py")
    assert '"sphinx_copybutton"' in conf
    prompt = re.search(r'copybutton_prompt_text = r"([^"]+)"', conf)[1]
    lines = ("$ sntransport demo", ">>> import sntransport", "... print(1)", "sntransport demo", "x = 3  # $ is money")
    assert [re.sub(f"^(?:{prompt})", "", line) for line in lines] == [
        "sntransport demo", "import sntransport", "print(1)", "sntransport demo", "x = 3  # $ is money",
    ]  # fmt: skip


def test_code_fits_beside_both_sidebars():
    # So much of a line is in sight at 1400 px: docs/_static/pages.css. The page of the architecture has a drawing.
    for path in all_pages():
        for kind, code in CODE.findall(text_of(path)):
            if path.stem not in ELSEWHERE and kind in ("", "python", "toml", "{code-cell} python"):
                assert not [line for line in code.splitlines() if len(line) > 120], path


def test_styles_of_the_pages_are_there_and_pages_of_the_api_have_short_names():
    conf = text_of(DOCS / "conf.py")
    (style,) = re.findall(r'^html_css_files = \["([^"]+)"\]$', conf, flags=re.MULTILINE)
    (folder,) = re.findall(r'^html_static_path = \["([^"]+)"\]$', conf, flags=re.MULTILINE)
    assert (DOCS / folder / style).is_file()
    for kind in ("base", "class"):
        title = text_of(DOCS / "_templates" / "autosummary" / f"{kind}.rst").splitlines()[0]
        assert "objname" in title, kind


def stale():
    """Whether the site is not built, or older than what it is built of."""
    built = DOCS / "_build" / "search.html"
    sources = [*all_pages(), DOCS / "conf.py"]
    return not built.is_file() or built.stat().st_mtime < max(path.stat().st_mtime for path in sources)


@pytest.mark.skipif(stale(), reason="the documentation is not built, or not anew: make docs")
def test_built_pages_have_their_section_beside_them_and_buttons_to_copy():
    for name in ("tutorials/quickstart", "howto/simulation", "reference/commands", "background/trust"):
        html = text_of(DOCS / "_build" / f"{name}.html")
        assert "copybutton.js" in html, name
        assert "_static/pages.css" in html, name
        beside = html.split('class="bd-links', 1)[1].split("</nav>", 1)[0]
        group = name.split("/")[0]
        # The page itself is an anchor; all others of its group are links.
        links = set(re.findall(r'href="([\w-]+)\.html"', beside)) | {name.split("/")[1]}
        assert pages(group) <= links, name
        header = html.split('class="bd-header', 1)[1].split("</header>", 1)[0]
        assert all(f"{one}/index.html" in header or '"index.html"' in header for one in GROUPS)
