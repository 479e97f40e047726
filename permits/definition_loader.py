"""Reads permit types from YAML: one file a type, flat, in the office's words, with all its dated versions inside.

What all versions share stands at the top of the file, what differs under `versions:`. Ladders have names
(`ladders.yaml`), so that a stage says `ladder: desk`. An error names the file, the line and the field, since the people
who write these files are not programmers. Values are read as text and typed by the definition itself: YAML's own types
would read 16:00 as a number and `no` as false.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter, ValidationError

from permits.definition import PermitDefinition
from permits.escalation import Ladder
from permits.numbering import NumberingError, check_template

DEFINITIONS = Path(__file__).parent / "definitions"
LADDERS = Path(__file__).parent / "ladders.yaml"

_Path = tuple[str | int, ...]
_LADDERS: TypeAdapter[dict[str, Ladder]] = TypeAdapter(dict[str, Ladder])


class DefinitionFileInvalid(Exception):
    """A definition file cannot be read; the message says where (file, line, field) and why."""

    code = "definition-file-invalid"


def load_definitions(folder: Path = DEFINITIONS, ladders: Path = LADDERS) -> tuple[PermitDefinition, ...]:
    """All versions of all types in a folder, by code and version.

    Raises DefinitionFileInvalid, naming file, line and field.
    """
    named = load_ladders(ladders)
    loaded = [one for file in sorted(folder.glob("*.yaml")) for one in load_definition_file(file, named)]
    codes = [(one.code, one.version) for one in loaded]
    if len(set(codes)) != len(codes):
        twice = next(code for code in codes if codes.count(code) > 1)
        raise DefinitionFileInvalid(f"{folder.name}: {twice[0]} version {twice[1]} stands in two files")
    return tuple(sorted(loaded, key=lambda one: (one.code, one.version)))


def load_ladders(file: Path = LADDERS) -> dict[str, Ladder]:
    """The named ladders. Raises DefinitionFileInvalid."""
    source = _Source(file)
    try:
        return _LADDERS.validate_python(source.content)
    except ValidationError as cause:
        raise source.invalid(cause) from cause


def load_definition_file(file: Path, ladders: dict[str, Ladder]) -> tuple[PermitDefinition, ...]:
    """All versions of one type, oldest first. Raises DefinitionFileInvalid."""
    source = _Source(file)
    shared = dict(source.content)
    versions = shared.pop("versions", None)
    if not isinstance(versions, list) or not versions:
        raise source.error((), "a definition needs a list `versions`")
    loaded = tuple(_version(source, shared, place, ladders) for place in range(len(versions)))
    if loaded[0].code != file.stem:
        raise source.error(("code",), f"the code of a type is the name of its file, {file.stem!r}")
    _check_dates(source, loaded)
    return loaded


def _version(source: _Source, shared: dict[str, Any], place: int, ladders: dict[str, Ladder]) -> PermitDefinition:
    own = source.content["versions"][place]
    if not isinstance(own, dict):
        raise source.error(("versions", place), "a version is a set of fields")
    fields = {**shared, **own}
    wheres: dict[str, _Path] = {name: ("versions", place) if name in own else () for name in fields}
    filled = {name: _fill_ladders(source, value, (*wheres[name], name), ladders) for name, value in fields.items()}
    try:
        definition = PermitDefinition.model_validate(filled)
    except ValidationError as cause:
        raise source.invalid(cause, wheres) from cause
    _check_number_templates(source, definition, wheres)
    return definition


def _fill_ladders(source: _Source, value: Any, where: _Path, ladders: dict[str, Ladder]) -> Any:
    """The value with every name of a ladder replaced by the ladder."""
    if isinstance(value, list):
        return [_fill_ladders(source, item, (*where, n), ladders) for n, item in enumerate(value)]
    if isinstance(value, dict):
        return {name: _fill_ladders(source, item, (*where, name), ladders) for name, item in value.items()}
    if where[-1] in ("ladder", "repair_ladder"):
        if value not in ladders:
            raise source.error(where, f"no ladder is called {value!r}; there are {', '.join(sorted(ladders))}")
        return ladders[value]
    return value


def _check_number_templates(source: _Source, definition: PermitDefinition, wheres: dict[str, _Path]) -> None:
    templates: list[tuple[_Path, str]] = [
        ((*wheres[name], name, "number_template"), form.number_template)
        for name, form in (("letter", definition.letter), ("rejection", definition.rejection))
    ]
    templates += [
        ((*wheres["stages"], "stages", n, "number_template"), stage.number_template)
        for n, stage in enumerate(definition.stages)
        if stage.kind == "retribution"
    ]
    for where, template in templates:
        try:
            check_template(template)
        except NumberingError as cause:
            raise source.error(where, str(cause)) from cause


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
            root = yaml.compose(file.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
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

    def invalid(self, cause: ValidationError, wheres: dict[str, _Path] | None = None) -> DefinitionFileInvalid:
        """What a validation found, at the place where its field stands; a misspelt field before the one it replaces."""
        errors = cause.errors(include_url=False, include_input=False)
        found = next((error for error in errors if error["type"] == "extra_forbidden"), errors[0])
        within = (wheres or {}).get(str(found["loc"][0]), ()) if found["loc"] else ()
        known = {"missing": "is missing", "extra_forbidden": "is not a field here"}.get(found["type"])
        why = f"{found['loc'][-1]} {known}" if known else found["msg"].removeprefix("Value error, ")
        return self.error(self._known((*within, *found["loc"])), why)

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

    def _known(self, where: _Path) -> _Path:
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
