"""Guidelines: versions, what changed, who has read what, and Markdown that can do nothing."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activeloop.errors import Conflict, Invalid, NotFound
from activeloop.flows import guidelines, projects
from activeloop.flows.wording_changes import marked
from activeloop.store.tables import Project
from activeloop.wiring import Services
from tests.flows.handmade import people, pool

WORDS = st.lists(
    st.sampled_from(["kind", "be", "<b>", "&amp;", "del>", "  ", "\n", "ünï", '"', "1"]),
    max_size=30,
).map(" ".join)
TRICKS = st.sampled_from(
    [
        "<script>alert(1)</script>", "[x](javascript:alert(1))", "![x](data:image/svg+xml,<svg>)",
        "<javascript:alert(1)>", "[x](data:text/html,y)", "[x]: javascript:alert(1)\n\n[x]",
        "<img src=x onerror=alert(1)>", "`<b>`", "[a](https://example.org)", "# h", "- l", "> q",
        "[x](JaVaScRiPt:alert(1))", "[x](&#106;avascript:alert(1))", "| a |\n|:-:|\n| <i> |",
    ]
)  # fmt: skip
HARMLESS = {
    "a",
    "blockquote",
    "br",
    "code",
    "em",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "li",
} | {*("ol", "p", "pre", "s", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul")}


class Reader(HTMLParser):
    """Note every element and address."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.attributes: set[tuple[str, str | None]] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes.update(attrs)


def write(services: Services, project: Project, text: str, *, seen: int | None = None) -> int:
    with services.write() as session:
        found = projects.find(session, project.id)
        return guidelines.write(session, found, text, user_id=None, seen=seen).number


def shown(services: Services, project: Project, user: int) -> dict[str, object]:
    with services.read() as session:
        return guidelines.shown(session, projects.find(session, project.id), user)


def test_what_the_project_was_made_with_is_version_one(services: Services) -> None:
    project, (ann,) = pool(services, 1, guidelines="Be kind."), people(services, 1)
    assert shown(services, project, ann)["number"] == 1
    assert write(services, project, "Be kind.") == 1
    assert write(services, project, "Be fair.") == 2
    with services.read() as session:
        found = projects.find(session, project.id)
        history = guidelines.history(session, found)
    assert found.spec["guidelines"] == "Be fair."
    assert [each["number"] for each in history] == [2, 1]
    assert history[0]["changed"] == "Be <del>kind</del><ins>fair</ins>."
    assert history[1]["changed"] == "<ins>Be kind.</ins>"


def test_somebody_is_told_what_changed_since_they_last_read_them(services: Services) -> None:
    project, (ann, bob) = pool(services, 1), people(services, 2)
    assert (shown(services, project, ann)["number"], shown(services, project, ann)["html"]) == (
        0,
        "",
    )
    write(services, project, "one")
    with services.write() as session:
        guidelines.mark_seen(session, project, ann, 1)
    write(services, project, "one two")
    write(services, project, "one two three")
    mine = shown(services, project, ann)
    assert (mine["seen"], mine["changed"]) == (1, "one<ins> two three</ins>")
    theirs = shown(services, project, bob)
    assert (theirs["seen"], theirs["changed"]) == (None, None)
    with services.write() as session:
        guidelines.mark_seen(session, project, ann, 3)
        guidelines.mark_seen(session, project, ann, 2)
    assert (shown(services, project, ann)["seen"], shown(services, project, ann)["changed"]) == (
        3,
        None,
    )
    with pytest.raises(NotFound), services.write() as session:
        guidelines.mark_seen(session, project, ann, 4)


def test_of_two_who_write_at_once_the_second_is_told(services: Services) -> None:
    project = pool(services, 1, guidelines="a")
    write(services, project, "b", seen=1)
    with pytest.raises(Conflict, match="version 2"):
        write(services, project, "c", seen=1)


def test_a_text_that_is_too_long_is_refused(embedded: Services) -> None:
    project = pool(embedded, 1)
    with pytest.raises(Invalid, match="guidelines"):
        write(embedded, project, "x" * 100_001)


@given(old=WORDS, new=WORDS)
def test_the_marks_hold_the_old_text_and_the_new(old: str, new: str) -> None:
    shown_ = marked(old, new)
    if "…" in shown_:
        return  # far from the change lines are left out
    kept = re.sub(r"<del>.*?</del>", "", shown_, flags=re.DOTALL)
    gone = re.sub(r"<ins>.*?</ins>", "", shown_, flags=re.DOTALL)
    assert unescape(re.sub(r"</?ins>", "", kept)) == new
    assert unescape(re.sub(r"</?del>", "", gone)) == old
    assert not re.search(r"<(?!/?(ins|del)>)", shown_)


@given(pieces=st.lists(TRICKS | st.text(max_size=20), max_size=6))
def test_markdown_becomes_harmless_elements_only(pieces: list[str]) -> None:
    reader = Reader()
    reader.feed(guidelines.render("\n\n".join(pieces)))
    assert reader.elements <= HARMLESS
    for name, value in reader.attributes:
        assert name in {"href", "rel", "title", "start", "class"}, name
        if name == "href":
            assert re.match(r"(https?://|mailto:)", value or "", re.IGNORECASE)
