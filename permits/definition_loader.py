"""Reads permit types from YAML: one file a type, flat, in the office's words, with all its dated versions inside.

What all versions share stands at the top of the file, what differs under `versions:`. What many types share has a name,
and a type says the name: a ladder (`ladders.yaml`), and lists of stages (`desks.yaml`), requirements
(`requirements.yaml`) and questions (`forms.yaml`), whose names stand in a type's own list and are replaced by what the
list holds. Agencies are known by code (`agencies.yaml`). An error names the file, the line and the field, since the
people who write these files are not programmers. Values are read as text and typed by the definition itself: YAML's own
types would read 16:00 as a number and `no` as false.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import TypeAdapter, ValidationError

from permits.definition import AnyStage, FormField, PermitDefinition, Requirement
from permits.definition_rules import faults_of
from permits.escalation import Ladder

PERMITS = Path(__file__).parent
DEFINITIONS = PERMITS / "definitions"
LADDERS = PERMITS / "ladders.yaml"
LETTERS = PERMITS.parent / "web" / "letters"
"""Where the letter templates lie; only their names are of interest here."""

NOT_A_LETTER = frozenset({"base", "evaluasi", "sealed", "catatan-segel", "laporan-pemeriksaan"})
"""What letters share, the monthly report, and what the office seals."""
LISTS = {"stages": "desks.yaml", "requirements": "requirements.yaml", "form": "forms.yaml"}
REJECTION = {
    "template": "penolakan",
    "series": "TOLAK",
    "number_template": "503/{sequence:04d}/TOLAK/{month_roman}/{year}",
}
"""The rejection of a type that says nothing about its own; the title is made of the type's."""

_Path = tuple[str | int, ...]
_T = TypeVar("_T")
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times faster where the C parser is installed


class DefinitionFileInvalid(Exception):
    """A definition file cannot be read; the message says where (file, line, field) and why."""

    code = "definition-file-invalid"


@dataclass(frozen=True)
class Shared:
    """What many types share, by name."""

    ladders: dict[str, Ladder]
    stages: dict[str, tuple[AnyStage, ...]] = field(default_factory=dict)
    requirements: dict[str, tuple[Requirement, ...]] = field(default_factory=dict)
    form: dict[str, tuple[FormField, ...]] = field(default_factory=dict)
    agencies: dict[str, str] = field(default_factory=dict)  # opd: name
    templates: frozenset[str] = frozenset()

    def named(self, of: str) -> dict[str, tuple[Any, ...]]:
        """The named lists that may stand in the field `of`."""
        lists: dict[str, tuple[Any, ...]] = getattr(self, of)
        return lists


def load_definitions(folder: Path = DEFINITIONS, shared: Shared | None = None) -> tuple[PermitDefinition, ...]:
    """All versions of all types in a folder, by code and version.

    Raises DefinitionFileInvalid, naming file, line and field.
    """
    named = shared or load_shared()
    loaded = [one for file in sorted(folder.glob("*.yaml")) for one in load_definition_file(file, named)]
    codes = [(one.code, one.version) for one in loaded]
    if len(set(codes)) != len(codes):
        twice = next(code for code in codes if codes.count(code) > 1)
        raise DefinitionFileInvalid(f"{folder.name}: {twice[0]} version {twice[1]} stands in two files")
    return tuple(sorted(loaded, key=lambda one: (one.code, one.version)))


def load_shared(folder: Path = PERMITS, letters: Path = LETTERS) -> Shared:
    """What types share: the named lists of a folder, and the names of the letter templates.

    Raises DefinitionFileInvalid.
    """
    ladders = load_ladders(folder / LADDERS.name)
    agencies = load_agencies(folder)
    known = Shared(ladders, agencies=agencies, templates=letter_templates(letters))
    return Shared(
        ladders=ladders,
        stages=_named(folder / LISTS["stages"], TypeAdapter(dict[str, tuple[AnyStage, ...]]), known),
        requirements=_named(folder / LISTS["requirements"], TypeAdapter(dict[str, tuple[Requirement, ...]])),
        form=_named(folder / LISTS["form"], TypeAdapter(dict[str, tuple[FormField, ...]])),
        agencies=agencies,
        templates=known.templates,
    )


def letter_templates(letters: Path = LETTERS) -> frozenset[str]:
    """Names of the letter templates that exist."""
    return frozenset(file.stem for file in letters.glob("*.typ")) - NOT_A_LETTER


def load_agencies(folder: Path = PERMITS) -> dict[str, str]:
    """The agencies that permit types may ask: code -> name. Raises DefinitionFileInvalid."""
    return _named(folder / "agencies.yaml", TypeAdapter(dict[str, str]))


def load_ladders(file: Path = LADDERS) -> dict[str, Ladder]:
    """The named ladders. Raises DefinitionFileInvalid."""
    return _named(file, TypeAdapter(dict[str, Ladder]))


def _named(file: Path, shape: TypeAdapter[dict[str, _T]], shared: Shared | None = None) -> dict[str, _T]:
    """Everything a shared file holds, by name."""
    source = _Source(file)
    content = _fill(source, source.content, (), shared) if shared else source.content
    try:
        return shape.validate_python(content)
    except ValidationError as cause:
        raise source.invalid(cause) from cause


def load_definition_file(file: Path, shared: Shared) -> tuple[PermitDefinition, ...]:
    """All versions of one type, oldest first. Raises DefinitionFileInvalid."""
    source = _Source(file)
    common = dict(source.content)
    versions = common.pop("versions", None)
    if not isinstance(versions, list) or not versions:
        raise source.error((), "a definition needs a list `versions`")
    loaded = tuple(_version(source, common, place, shared) for place in range(len(versions)))
    if loaded[0].code != file.stem:
        raise source.error(("code",), f"the code of a type is the name of its file, {file.stem!r}")
    _check_dates(source, loaded)
    return loaded


def _version(source: _Source, common: dict[str, Any], place: int, shared: Shared) -> PermitDefinition:
    own = source.content["versions"][place]
    if not isinstance(own, dict):
        raise source.error(("versions", place), "a version is a set of fields")
    fields = {**common, **own}
    origins = _Origins(source, {name: ("versions", place) if name in own else () for name in fields})
    filled = {name: _fill(source, value, origins.of((name,)), shared) for name, value in fields.items()}
    for name in LISTS:
        if name in filled:
            filled[name] = _spliced(origins, name, filled[name], shared)
    _fill_letters(filled)
    try:
        definition = PermitDefinition.model_validate(filled)
    except ValidationError as cause:
        raise source.invalid(cause, origins) from cause
    for fault in faults_of(definition, shared.templates):
        raise source.error(source.known(origins.of(fault.where)), fault.why)
    return definition


class _Origins:
    """Where a version's fields stand in the file: at its top or in the version, and which name brought an item."""

    def __init__(self, source: _Source, wheres: dict[str, _Path]) -> None:
        self.source = source
        self._wheres = wheres
        self.items: dict[str, list[_Path]] = {}  # of a list: for each item, its place in the file's own list

    def of(self, place: _Path) -> _Path:
        """The place in the file of a place in the version."""
        name = place[0]
        if not isinstance(name, str):
            return place
        outer = (*self._wheres.get(name, ()), name)
        items = self.items.get(name, [])
        if len(place) > 1 and isinstance(place[1], int) and place[1] < len(items):
            return (*outer, *items[place[1]], *place[2:])
        return (*outer, *place[1:])


def _spliced(origins: _Origins, name: str, value: Any, shared: Shared) -> Any:
    """The list with each name of a shared list replaced by what that list holds; a name may stand for the whole."""
    given = [value] if isinstance(value, str) else value
    if not isinstance(given, list):
        return value
    lists = shared.named(name)
    items: list[Any] = []
    origins.items[name] = []
    for n, item in enumerate(given):
        place: _Path = () if isinstance(value, str) else (n,)
        if not isinstance(item, str):
            found: tuple[Any, ...] = (item,)
        elif item in lists:
            found = lists[item]
        else:
            why = f"{LISTS[name]} has no list {item!r}; there are {', '.join(sorted(lists))}"
            raise origins.source.error((*origins.of((name,)), *place), why)
        items += found
        origins.items[name] += [place] * len(found)
    return items


def _fill(source: _Source, value: Any, where: _Path, shared: Shared) -> Any:
    """The value with ladders in place of their names, and names beside the codes of agencies."""
    if isinstance(value, list):
        return [_fill(source, item, (*where, n), shared) for n, item in enumerate(value)]
    if isinstance(value, dict):
        filled = {name: _fill(source, item, (*where, name), shared) for name, item in value.items()}
        return _named_agency(source, filled, where, shared) if "opd" in filled else filled
    if where and where[-1] in ("ladder", "repair_ladder"):
        if value not in shared.ladders:
            known = ", ".join(sorted(shared.ladders))
            raise source.error(where, f"no ladder is called {value!r}; there are {known}")
        return shared.ladders[value]
    return value


def _named_agency(source: _Source, agency: dict[str, Any], where: _Path, shared: Shared) -> dict[str, Any]:
    code = agency["opd"]
    if code not in shared.agencies:
        known = ", ".join(sorted(shared.agencies))
        raise source.error((*where, "opd"), f"no agency has the code {code!r}; there are {known}")
    return {"name": shared.agencies[code], **agency}


def _fill_letters(fields: dict[str, Any]) -> None:
    """What a type leaves unsaid of its letters: the product is the letter's title, a rejection has the common form."""
    letter = fields.get("letter")
    if isinstance(letter, dict) and "product" in fields:
        fields["letter"] = {"title": fields["product"], **letter}
    if "title" in fields:
        title = f"Surat Penolakan Permohonan {fields['title']}"
        fields.setdefault("rejection", {"title": title, **REJECTION})


def _check_dates(source: _Source, versions: tuple[PermitDefinition, ...]) -> None:
    if any(later.version <= earlier.version for earlier, later in pairwise(versions)):
        raise source.error(("versions",), "versions stand in order, each number once")
    in_force = [(place, one) for place, one in enumerate(versions) if one.status == "published"]
    for (_, earlier), (place, later) in pairwise(sorted(in_force, key=lambda pair: pair[1].effective_from)):
        if earlier.effective_until is None or earlier.effective_until >= later.effective_from:
            why = f"version {later.version} begins before version {earlier.version} has ended"
            raise source.error(("versions", place, "effective_from"), why)


class _Source:
    """A YAML file: its content as plain text values, and on which line each of them stands."""

    def __init__(self, file: Path) -> None:
        self._name = file.name
        try:
            root = yaml.compose(file.read_text(encoding="utf-8"), Loader=_Loader)
        except yaml.MarkedYAMLError as cause:
            line = cause.problem_mark.line + 1 if cause.problem_mark else 1
            raise DefinitionFileInvalid(f"{self._name}, line {line}: {cause.problem}") from cause
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as cause:
            raise DefinitionFileInvalid(f"{self._name} cannot be read: {cause}") from cause
        if not isinstance(root, yaml.MappingNode):
            raise DefinitionFileInvalid(f"{self._name}, line 1: the file is a set of fields")
        self._root = root
        self.content: dict[str, Any] = self._plain(root, ())

    def error(self, where: _Path, why: str) -> DefinitionFileInvalid:
        """An error at a place in the file."""
        field = ".".join(str(part + 1) if isinstance(part, int) else part for part in where)
        return DefinitionFileInvalid(f"{self._name}, line {self._line(where)}: {field + ': ' if field else ''}{why}")

    def invalid(self, cause: ValidationError, origins: _Origins | None = None) -> DefinitionFileInvalid:
        """What a validation found, at the place where its field stands; a misspelt field before the one it replaces."""
        errors = cause.errors(include_url=False, include_input=False)
        found = next((error for error in errors if error["type"] == "extra_forbidden"), errors[0])
        place = origins.of(found["loc"]) if origins and found["loc"] else found["loc"]
        known = {"missing": "is missing", "extra_forbidden": "is not a field here"}.get(found["type"])
        why = f"{found['loc'][-1]} {known}" if known else found["msg"].removeprefix("Value error, ")
        return self.error(self.known(place), why)

    def _plain(self, node: yaml.Node, where: _Path) -> Any:
        if isinstance(node, yaml.SequenceNode):
            return [self._plain(item, (*where, n)) for n, item in enumerate(node.value)]
        if isinstance(node, yaml.MappingNode):
            plain: dict[str, Any] = {}
            for key, value in node.value:
                if key.value in plain:
                    line = key.start_mark.line + 1
                    raise DefinitionFileInvalid(f"{self._name}, line {line}: {key.value} stands twice")
                plain[key.value] = self._plain(value, (*where, key.value))
            return plain
        return node.value

    def _child(self, node: yaml.Node, part: str | int) -> yaml.Node | None:
        if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            item: yaml.Node = node.value[part]
            return item
        if isinstance(node, yaml.MappingNode):
            return next((value for key, value in node.value if key.value == part), None)
        return None

    def known(self, where: _Path) -> _Path:
        """The parts of a place that the file has; a validator also names types, which stand nowhere."""
        node: yaml.Node = self._root
        known: list[str | int] = []
        for part in where:
            child = self._child(node, part)
            if child is not None:
                known.append(part)
                node = child
        return tuple(known)

    def _line(self, where: _Path) -> int:
        node: yaml.Node = self._root
        for part in where:
            node = self._child(node, part) or node
        return int(node.start_mark.line) + 1
