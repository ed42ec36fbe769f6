"""The dossier: a file that stands on its own, says the same bytes to the same question, and takes no orders from the facts."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from functools import partial
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Literal

import pytest
from pypdf import PdfReader

from engine.explaining.contrast import Drafts, contrast_section, read_against, seen_from
from engine.explaining.dossier import make_dossier, write_dossier
from engine.explaining.dossier.rendering import TEMPLATES, _finalized, literal
from engine.explaining.dossier.rendering import Literal as TypstLiteral
from engine.explaining.dossier.telling import clean
from engine.explaining.reports import dossier_report, find_root, read_facts
from engine.explaining.sentences import Sentence
from engine.law import Law, load_law
from engine.problems import InputError
from engine.proving import Inquiry
from tests.conftest import ROOT

LANGUAGES = ["en", "ru", "kk"]
CASE = ROOT / "examples" / "case.yaml"
KAZAKH = "Әә Ғғ Ққ Ңң Өө Ұұ Үү Һһ Іі"
HOSTILE = '<script>alert(1)</script> </title> "]#panic() #read("/etc/passwd") $x$ \\u{41} {{ 7*7 }} &amp; <img src=https://evil.example/x>'


def dossier(law: Law, path: Path = CASE, key: str = "K-1", year: int = 2024, language: str = "en",
            form: Literal["html", "pdf"] = "html", inquiry: Inquiry | None = None, **more: Any) -> bytes:  # fmt: skip
    facts, inquiry = read_facts(law, path, None), inquiry or Inquiry()
    return make_dossier(law, facts, inquiry, find_root(law, facts, inquiry, key, year), language, form, **more)


def named(folder: Path, name: str, lots: int = 0) -> Path:
    """The example under another name, with more lots."""
    quoted, lot = (
        json.dumps(name, ensure_ascii=False),
        "  - {id: V-%d, installation: K-1, kind: allowance, plan: phase_5, issued_for: 2024, quantity: 1}\n",
    )
    content = CASE.read_text(encoding="utf-8").replace("Example power plant", quoted).replace("Example Energy LLP", quoted)
    written = folder / "case.yaml"
    written.write_text(
        content.replace("surrenders:\n", "".join(lot % number for number in range(lots)) + "surrenders:\n"), encoding="utf-8"
    )
    return written


def pdf_text(content: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)


class Tags(HTMLParser):
    """The tags and attributes of a page, and its visible text."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page.decode("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_loads_nothing_and_runs_nothing(law: Law, language: str, tmp_path: Path) -> None:
    page = dossier(law, named(tmp_path, HOSTILE), language=language)
    found = Tags(page)
    assert not {"script", "img", "link", "iframe", "object", "embed", "base", "form", "audio", "video"} & {tag for tag, _ in found.tags}
    for tag, attributes in found.tags:
        assert "src" not in attributes and not any(name.startswith("on") for name in attributes), (tag, attributes)
        assert (attributes.get("href") or "#").startswith("#"), (tag, attributes)
    (style,) = re.findall(r"<style>(.*?)</style>", page.decode("utf-8"), re.S)
    assert "url(" not in style and "@import" not in style
    assert "default-src 'none'" in page.decode("utf-8")
    assert HOSTILE in found.text  # harmless, but there, letter for letter


def test_every_link_leads_somewhere_and_every_article_has_its_full_title(law: Law) -> None:
    found = Tags(dossier(law))
    ids = [attributes["id"] for _, attributes in found.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {str(a["href"])[1:] for _, a in found.tags if "href" in a} <= set(ids)
    assert "ICAP factsheet 2025" in found.text  # as cited
    assert law.tree["instruments"]["icap-2025"]["title"]["en"] in found.text


def test_what_a_regulator_needs_is_in_it(law: Law) -> None:
    text = re.sub(r"\s+", " ", Tags(dossier(law, cure=[Sentence(0, "Surrender 1,000 units.")])).text)
    for wanted in ("non-compliant", "not yet due", "100,000 units", "19,660,000 KZT", "Surrender 1,000 units.", "U-2025", "issued for a later year",
                   "The facts do not give output", "Base years of phase 5", "Must an installation", law.digest, "examples/case.yaml:7"):  # fmt: skip
        assert wanted in text, wanted


def test_the_cure_is_left_out_where_nobody_asked_and_says_so_where_there_is_none(law: Law) -> None:
    words = law.tree["words"]
    assert words["dossier_cure"]["en"] not in Tags(dossier(law)).text
    assert words["dossier_no_cure"]["en"] in Tags(dossier(law, cure=[])).text


@pytest.mark.parametrize("form", ["html", "pdf"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_kazakh_letters_survive(law: Law, language: str, form: Literal["html", "pdf"], tmp_path: Path) -> None:
    content = dossier(law, named(tmp_path, KAZAKH), language=language, form=form)
    assert KAZAKH in (pdf_text(content) if form == "pdf" else content.decode("utf-8"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_pdf_is_a4_and_takes_names_as_text(law: Law, language: str, tmp_path: Path) -> None:
    content = dossier(law, named(tmp_path, HOSTILE), language=language, form="pdf")
    for page in PdfReader(io.BytesIO(content)).pages:
        assert (round(page.mediabox.width), round(page.mediabox.height)) == (595, 842)
    text = re.sub(r"\s+", "", pdf_text(content))
    assert re.sub(r"\s+", "", '<script>alert(1)</script></title>"]#panic()#read("/etc/passwd")$x$\\u{41}') in text


@pytest.mark.parametrize("form", ["html", "pdf"])
def test_the_same_question_gives_the_same_bytes_in_any_process(form: str, tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from engine.law import load_law; from engine.proving import Inquiry\n"
        "from engine.explaining.dossier import make_dossier; from engine.explaining.reports import find_root, read_facts\n"
        "law = load_law(Path('rulesets'), Path('schemas')); facts = read_facts(law, Path('examples/case.yaml'), None); q = Inquiry()\n"
        f"sys.stdout.buffer.write(make_dossier(law, facts, q, find_root(law, facts, q, 'K-1', 2024), 'kk', '{form}'))\n"
    )
    made = set()
    for seed, locale in (("0", "C.UTF-8"), ("1", "ru_RU.UTF-8")):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "LC_ALL": locale, "PYTHONPATH": str(ROOT)}
        run = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, timeout=120, env=environment, check=True)
        made.add(run.stdout)
    assert len(made) == 1


@pytest.mark.parametrize("form", ["html", "pdf"])
def test_many_lots_unknowns_and_other_roots_can_be_shown(law: Law, form: Literal["html", "pdf"], tmp_path: Path) -> None:
    many = dossier(law, named(tmp_path, "N", lots=200), form=form)
    assert "V-199" in (pdf_text(many) if form == "pdf" else many.decode("utf-8"))
    threshold = ROOT / "examples" / "threshold.yaml"
    for language in LANGUAGES:
        assert dossier(law, threshold, "AT", 2023, language, form, inquiry=Inquiry("statute"), decision=("installation_year", "coverage"))
        assert dossier(law, CASE, "phase_5", 2024, language, form)
        assert dossier(law, CASE, "K-1", 2024, language, form, decision=("lot", "usable"))


def test_a_folded_step_is_printed_open(law: Law) -> None:
    page = dossier(law).decode("utf-8")
    assert "details::details-content" in page and re.search(r'<details class="step" id="p\d+">', page)


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "d.html"
    write_dossier(target, b"one")
    write_dossier(target, b"two")
    assert target.read_bytes() == b"two" and [p.name for p in tmp_path.iterdir()] == ["d.html"]
    with pytest.raises(InputError):
        write_dossier(tmp_path / "nowhere" / "d.html", b"x")


def test_texts_for_typst_are_literals_and_nothing_else_gets_in() -> None:
    assert literal('a"\\\n') == '"a\\"\\\\\\n"'
    assert _finalized(TypstLiteral('"x"')) == '"x"'
    with pytest.raises(TypeError):
        _finalized("#panic()")


def test_characters_that_hide_or_turn_text_are_shown_as_such() -> None:
    assert clean("a\u202eb\x00c\ud800") == "a\ufffdb\ufffdc\ufffd"
    assert clean(KAZAKH) == KAZAKH


def test_every_fixed_word_is_there_and_none_is_idle(law: Law) -> None:
    sources = [path.read_text(encoding="utf-8") for path in (*TEMPLATES.glob("*.j2"), *TEMPLATES.parent.glob("*.py"))]
    used = {
        word for text in sources for word in re.findall(r'\bsay\.(\w+)|\bsay\(f?"(\w+)|fixed\["(\w+)"\]', text) for word in word if word
    }
    mine = {name.removeprefix("dossier_") for name in law.tree["words"] if name.startswith("dossier_")}
    built = {name for name in mine if name.startswith(("state_", "receipt_"))}
    own_words = {word for word in used if word in mine}
    assert mine == own_words | built
    for template in TEMPLATES.glob("*.j2"):
        assert set(re.findall(r"\bsay\.(\w+)", template.read_text(encoding="utf-8"))) <= mine


@pytest.mark.parametrize("language", LANGUAGES)
def test_another_law_has_a_section_with_its_sources(law: Law, tmp_path: Path, language: str) -> None:
    case = tmp_path / "case.yaml"
    case.write_text(
        "as_of: 2022-06-01\ninstallations: [{id: K, operator: O, sector: power}]\n"
        "emissions: [{installation: K, year: 2021, gas: co2, tonnes: 15000}]\n"
    )
    drafts = Drafts((), ("threshold-10000-auction",), lambda written: load_law(ROOT / "rulesets", ROOT / "schemas", written))
    other = read_against(law, "threshold-10000-auction", Inquiry(), drafts)
    seen, (draft,) = seen_from(law, other), other.law.drafts
    for form in ("html", "pdf"):
        output = tmp_path / f"out.{form}"
        section = partial(contrast_section, law, other, Inquiry(), language)
        dossier_report(seen, case, Inquiry(), "K", 2021, "covered", None, form, language, output, None, section)
        made = output.read_bytes()
        text = Tags(made).text if form == "html" else pdf_text(made)
        bare = re.sub(r"[\s\u00a0\u00ad\u2010-]", "", text)  # a PDF breaks words at the ends of its lines
        title, draft_title = (
            re.sub(r"[\s-]", "", one) for one in (seen.tree["words"]["dossier_contrast"][language], draft.title[language])
        )
        told = bare[bare.index(title) :]
        article = {"en": "art.289(3)", "ru": "п.3ст.289", "kk": "289баптың3тармағы"}[language]
        assert draft_title in told and article in told
