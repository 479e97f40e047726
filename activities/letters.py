"""Letters: the input of a letter in, the bytes of a PDF/A-2b out.

`render_letter` is a pure function of its input and of the templates in `web/letters`. The letter's own date is the
document's date, never the present, so that a retry on any machine gives the same bytes and the same sha256. Applicant
text travels as JSON and is printed as text; nothing in it can become markup. The form follows what Indonesian official
letters have in common; each office confirms its own. The footer quotes UU 11/2008 (ITE) article 5 paragraph (1).

Letters are set in Libertinus Serif, which comes with typst, so that no font of the machine changes a byte. Names of
persons follow the KTP, which is written in Latin letters. A character this font cannot print, or whose direction or
invisibility could deceive a reader, is written out as `[U+A98F]`: it neither disappears nor stops the case, and whoever
checks the draft sees it. `unprintable_characters` names such places beforehand.

Signing, storing and numbering are left to other rooms.
"""

import datetime
import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import typst
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from signing.qr import qr_side_mm, qr_svg

LETTERS_DIR = Path(__file__).resolve().parent.parent / "web" / "letters"
WESTERN_INDONESIA_TIME = datetime.timezone(datetime.timedelta(hours=7))
NOON = datetime.time(12)  # PDF readers show the date in their own zone; noon is the same day in most of them.
VERIFICATION_QR_MM = 30.0  # with its quiet zone; the code itself is 22 mm or more
FIELD_QR_MM = 62.0
LARGEST_INPUT_CHARACTERS = 200_000
WIDEST_WORD_EM = 16
MOST_ITEMS = 200
MOST_MARKS_ON_A_LETTER = 2

Template = Literal[
    "sip",
    "penelitian",
    "reklame",
    "umum",
    "skrd",
    "permintaan-rekomendasi",
    "rekomendasi",
    "berita-acara",
    "penolakan",
    "pencabutan",
    "perubahan-izin",
]
Mark = Literal["bsre", "test", "plain"]
"""BSrE issued the certificate; it is a test one; it is of another authority, which the letter does not name."""
Text = Annotated[str, StringConstraints(max_length=20_000)]
Texts = Annotated[tuple[Text, ...], Field(max_length=MOST_ITEMS)]
Lines = Annotated[tuple[tuple[Text, Text], ...], Field(max_length=MOST_ITEMS)]

# Latin, Greek and Cyrillic with their marks, punctuation and signs, as far as all styles of Libertinus Serif have them.
PRINTABLE = re.compile(
    "[\u0020-\u007e\u00a0-\u00ac\u00ae-\u0241\u0250-\u02e4\u0300-\u034e\u0350-\u036f\u0374\u0375\u037a-\u037e"
    "\u0384-\u038a\u038c\u038e-\u03a1\u03a3-\u03ce\u0400-\u045f\u0490-\u04c4\u04d0-\u04f9\u1e00-\u1e9b\u1e9e"
    "\u1ea0-\u1ef9\u2010-\u2027\u2030-\u2037\u2039-\u203e\u2044\u2070\u2071\u2074-\u208e\u20a2-\u20a4\u20a7\u20ab"
    "\u20ac\u20b1\u20bf\u2103\u2105\u2109\u2113\u2116\u2120\u2122\u2126\u2153-\u2184\u2190-\u2199\u2200-\u220d"
    "\u220f-\u221c\u221e\u2248\u2260\u2264\u2265\u25a0\u25a1\u25cf\u25cb]"
)


class LetterError(Exception):
    """A letter that cannot be made from this input. `code` is stable; the message never repeats applicant text."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Office(_Part):
    """The letterhead."""

    city: Text = "Kota Pekalongan"
    government: Text = "Pemerintah Kota Pekalongan"
    name: Text = "Dinas Penanaman Modal dan Pelayanan Terpadu Satu Pintu"
    address: Text = "Jalan Contoh Nomor 1, Kota Pekalongan, Jawa Tengah"
    """Street and town; the office confirms its own."""
    contact: Text = ""
    """Telephone, e-mail and site in one line; empty prints nothing."""


class Signatory(_Part):
    """Who signs, as printed under the letter."""

    name: Text
    rank: Text
    """Rank of the civil service, such as "Pembina Utama Muda"."""
    nip: Text
    """Civil service number, 18 digits, printed as given."""
    office_title: Text
    """Office held, with "Plh." or "Plt." where it is held for another."""


class Charge(_Part):
    """One line of a retribution."""

    description: Text
    amount_rupiah: Annotated[int, Field(ge=0)]


class Participant(_Part):
    """One person present at an inspection or a meeting."""

    name: Text
    role: Text
    opinion: Text = ""


class LetterInput(_Part):
    """Everything a letter says. The same value always gives the same bytes."""

    template: Template
    template_version: Text
    """Number of the template (`web/letters/versions.json`); kept in the document's keywords."""
    series: Text
    """Letter series of the agenda register."""
    number: Text
    """Letter number as printed."""
    date: datetime.date
    """Date of the letter, also the date of the document."""
    place: Text = "Pekalongan"
    """Where the letter is dated."""
    venue: Text = ""
    """Where an inspection or a meeting took place, if elsewhere."""
    title: Annotated[str, StringConstraints(min_length=1, max_length=500)]
    """What the letter is, such as "Surat Izin Praktik Fisioterapis"; printed in capitals where the form asks for it."""
    office: Office = Office()
    subject: Text = ""
    """The "Hal" line of a letter to someone, and the subject of minutes."""
    nature: Text = "Biasa"
    """The "Sifat" line of a letter to someone."""
    recipient: Texts = ()
    """Lines of the address after "Yth."."""
    applicant: Lines = ()
    """Label and value of the applicant's data."""
    facts: Lines = ()
    """Label and value of what is permitted, asked, refused or found."""
    body: Texts = ()
    """Paragraphs of running text."""
    conditions: Texts = ()
    legal_basis: Texts = ()
    """Rules in their order of rank; none prints "menunggu konfirmasi dinas"."""
    considering: Texts = ()
    observing: Texts = ()
    """Letters, recommendations and minutes that a decree takes note of ("Memperhatikan")."""
    reasons: Texts = ()
    """Why an application is refused."""
    remedies: Texts = ()
    """What the applicant can do now."""
    charges: Annotated[tuple[Charge, ...], Field(max_length=MOST_ITEMS)] = ()
    respond_by: datetime.date | None = None
    """Last day to pay, or to answer."""
    participants: Annotated[tuple[Participant, ...], Field(max_length=MOST_ITEMS)] = ()
    attachments: Texts = ()
    signatory: Signatory
    qr_url: Annotated[str, StringConstraints(pattern=r"^https?://[\x21-\x7e]{3,240}$")] | None = None
    """Address of the verification page. None: an internal letter without electronic signature."""
    copies: Texts = ()
    """Tembusan."""
    field_code: Annotated[str, StringConstraints(pattern=r"^https?://[\x21-\x7e]{3,2000}$")] | None = None
    """Address of the offline check of a permit that is inspected in the field; it stands on a last page of its own."""
    field_facts: Lines = ()
    """Label and value of what an inspector compares on the spot."""
    mark: Mark | None = None
    """Whose certificate the letter says it is signed with; None in inputs from before this was kept (`said_mark`)."""
    demo_authority: bool = False
    """The certificate is a test one: the letter says so instead of naming BSrE."""
    practice: bool = False
    """Practice mode: every page says CONTOH, TIDAK BERLAKU."""
    unconfirmed: bool = False
    """The office has yet to confirm the permit type: the footer of every page says so."""
    valid_until: datetime.date | None = None

    @property
    def said_mark(self) -> Mark:
        """What the letter says of the certificate it is signed with."""
        return self.mark or ("test" if self.demo_authority else "bsre")


def render_letter(
    template: str, letter: LetterInput | Mapping[str, Any], *, letters_dir: Path = LETTERS_DIR
) -> bytes:
    """Return the letter as tagged PDF/A-2b, the same bytes for the same input.

    Args:
        template: name of a template in `letters_dir`; must be the one the letter was drafted for.
        letter: a `LetterInput`, or its JSON form.
        letters_dir: where the templates lie.

    Raises:
        LetterError: `letter-template-unknown`, `letter-input-invalid`, `letter-too-long` or `letter-not-rendered`.
    """
    if template not in get_args(Template):
        raise LetterError("letter-template-unknown", "Tidak ada templat surat dengan nama ini.")
    checked = _checked(letter)
    if checked.template != template:
        raise LetterError("letter-input-invalid", "Isi surat ini disusun untuk templat lain.")
    compiler = typst.Compiler(
        input=letters_dir / f"{template}.typ", root=letters_dir, font_paths=typst_fonts(), ignore_system_fonts=True,
        sys_inputs={"letter": json.dumps(_printed_form(checked), ensure_ascii=False)},
    )
    try:
        pdf = compiler.compile(
            format="pdf", pdf_standards="a-2b", pdf_tags=True,
            timestamp=datetime.datetime.combine(checked.date, NOON, WESTERN_INDONESIA_TIME),
        )
    except typst.TypstError as error:
        # The compiler's message can quote the letter, so it stays in the cause and out of our sentence.
        raise LetterError("letter-not-rendered", f"Surat tidak dapat disusun dengan templat {template}.") from error
    assert isinstance(pdf, bytes)
    return pdf


def unprintable_characters(letter: LetterInput) -> tuple[tuple[str, str], ...]:
    """Return (field, "U+XXXX") for each character that the letter will show written out, without repeats."""
    found = {
        (field, f"U+{ord(character):04X}"): None
        for field, text in _texts(letter.model_dump(mode="json"), "")
        for character, fits in _characters(text)
        if not fits
    }
    return tuple(found)


def printable(text: str) -> str:
    """Return the text as the letter prints it: composed, each unprintable character written out as `[U+XXXX]`."""
    written = "".join(
        character if fits else f"[U+{ord(character):04X}]" for character, fits in _characters(text)
    )
    return re.sub(r"\S{12,}", lambda word: _breakable(word.group()), re.sub(r"\n{3,}", "\n\n", written))


def _breakable(word: str) -> str:
    """Give a word that could be wider than its column places where it may break, else it would leave the page."""
    if sum(1.0 if character.isupper() else 0.6 for character in word) <= WIDEST_WORD_EM:
        return word
    return "\u200b".join(re.findall(r"\[U\+[0-9A-F]{4,6}\]|[^\[]{1,8}|\[", word))


def _characters(text: str) -> Iterator[tuple[str, bool]]:
    """Yield each composed character, and whether the letter can print it as it is."""
    marks = 0
    for character in unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")):
        if unicodedata.category(character) == "Zs" and character != "\u00a0":
            character = " "
        marks = marks + 1 if unicodedata.combining(character) else 0
        fits = character == "\n" or (PRINTABLE.match(character) is not None and marks <= MOST_MARKS_ON_A_LETTER)
        yield character, fits


@cache
def typst_fonts() -> typst.Fonts:
    """The fonts that come with typst, and none of the machine's."""
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=True)


def _checked(letter: LetterInput | Mapping[str, Any]) -> LetterInput:
    if isinstance(letter, LetterInput):
        checked = letter
    else:
        try:
            checked = LetterInput.model_validate(letter)
        except ValidationError as error:
            fields = ", ".join(sorted({".".join(str(step) for step in each["loc"]) for each in error.errors()}))
            raise LetterError("letter-input-invalid", f"Isi surat belum lengkap atau keliru: {fields}.") from None
    if sum(len(text) for _, text in _texts(checked.model_dump(mode="json"), "")) > LARGEST_INPUT_CHARACTERS:
        raise LetterError("letter-too-long", "Isi surat terlalu panjang untuk satu surat.")
    return checked


def _texts(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _texts(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _texts(inner, f"{path}.{index}")


def _printed_form(letter: LetterInput) -> dict[str, Any]:
    form: dict[str, Any] = _map_texts(letter.model_dump(mode="json"))
    form["number"] = letter.number  # made by us, and copied and searched by people: no invisible break in it
    form["mark"] = letter.said_mark
    for name, url, least_mm in (
        ("qr", letter.qr_url, VERIFICATION_QR_MM),
        ("field", letter.field_code, FIELD_QR_MM),
    ):
        form[f"{name}_url"] = url
        form[f"{name}_svg"] = qr_svg(url) if url else None
        form[f"{name}_mm"] = qr_side_mm(url, least_mm) if url else 0
    return form


def printable_form(value: dict[str, Any]) -> dict[str, Any]:
    """JSON values with every text as it will be printed."""
    form: dict[str, Any] = _map_texts(value)
    return form


def _map_texts(value: Any) -> Any:
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, Mapping):
        return {key: _map_texts(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_map_texts(inner) for inner in value]
    return value
