"""What may come after a signature: only archive updates (DSS and document timestamps, ETSI EN 319 142-1, 5.4 and 5.5).

Stricter than pyHanko's default policy: no change of the catalog beyond what a DSS and a signature field need, and of
the metadata only the date and the name of the program that wrote the update, which common archive software adds of its
own accord. Other signature fields may still be filled between two signatures of an unfinished letter; `verify` allows
that by name.
"""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Iterable
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.decode_limits import DecodePurpose
from pyhanko.pdf_utils.metadata import xmp_xml
from pyhanko.pdf_utils.metadata.model import NS, ExpandedName
from pyhanko.pdf_utils.misc import PdfReadError
from pyhanko.pdf_utils.reader import HistoricalResolver, PdfFileReader
from pyhanko.sign.diff_analysis import ModificationLevel, StandardDiffPolicy, SuspiciousModification
from pyhanko.sign.diff_analysis.form_rules_api import FormUpdatingRule
from pyhanko.sign.diff_analysis.rules.file_structure_rules import (
    CatalogModificationRule,
    ObjectStreamRule,
    XrefStreamRule,
)
from pyhanko.sign.diff_analysis.rules.form_field_rules import (
    DSSCompareRule,
    SigFieldCreationRule,
    SigFieldModificationRule,
)
from pyhanko.sign.diff_analysis.rules.metadata_rules import DocInfoRule, MetadataUpdateRule
from pyhanko.sign.diff_analysis.rules_api import ReferenceUpdate
from pyhanko.sign.fields import enumerate_sig_fields

WRITERS_OWN_INFO = {"/ModDate", "/Producer"}
WRITERS_OWN_XMP = {
    ExpandedName(NS["xmp"], "ModifyDate"),
    ExpandedName(NS["xmp"], "MetadataDate"),
    ExpandedName(NS["pdf"], "Producer"),
}


class _DatedInfoRule(DocInfoRule):
    """The information dictionary may change its date and producer, and nothing else."""

    def apply(self, old: HistoricalResolver, new: HistoricalResolver) -> Iterable[ReferenceUpdate]:
        before, after = info_of(old), info_of(new)
        if after and {key: value for key, value in after.items() if key not in WRITERS_OWN_INFO} != {
            key: value for key, value in before.items() if key not in WRITERS_OWN_INFO
        }:
            raise SuspiciousModification("the information dictionary says something else")
        yield from super().apply(old, new)


class _DatedMetadataRule(MetadataUpdateRule):
    """The XMP packet may change its dates and producer, and nothing else."""

    def apply(self, old: HistoricalResolver, new: HistoricalResolver) -> Iterable[ReferenceUpdate]:
        if _xmp(old) != _xmp(new):
            raise SuspiciousModification("the metadata say something else")
        yield from super().apply(old, new)


ARCHIVE_ONLY = StandardDiffPolicy(
    global_rules=[
        CatalogModificationRule(  # type: ignore[no-untyped-call]
            ignored_keys={"/AcroForm", "/DSS", "/Extensions", "/Metadata"}
        ),
        XrefStreamRule().as_qualified(ModificationLevel.LTA_UPDATES),
        ObjectStreamRule().as_qualified(ModificationLevel.LTA_UPDATES),
        DSSCompareRule().as_qualified(ModificationLevel.LTA_UPDATES),
        _DatedInfoRule().as_qualified(ModificationLevel.LTA_UPDATES),
        _DatedMetadataRule().as_qualified(ModificationLevel.LTA_UPDATES),  # type: ignore[no-untyped-call]
    ],
    form_rule=FormUpdatingRule(
        field_rules=[SigFieldCreationRule(), SigFieldModificationRule()]  # type: ignore[no-untyped-call]
    ),
)


def info_of(handler: HistoricalResolver) -> dict[str, Any]:
    found = handler.trailer_view.raw_get("/Info") if "/Info" in handler.trailer_view else None
    if isinstance(found, generic.IndirectObject):
        found = handler.get_object(found.reference)
    if found is not None and not isinstance(found, generic.DictionaryObject):
        raise SuspiciousModification("the information dictionary is no dictionary")
    return {str(key): found.raw_get(key) for key in found} if found is not None else {}


def _xmp(handler: HistoricalResolver) -> list[dict[Any, Any]]:
    if "/Metadata" not in handler.root:
        return []
    try:
        packet = handler.root.raw_get("/Metadata").get_object()
        roots = xmp_xml.parse_xmp(io.BytesIO(packet.read_data(DecodePurpose.XMP_METADATA)))
    except Exception as failure:
        raise SuspiciousModification("the metadata cannot be read") from failure
    return [{name: value for name, value in root if name not in WRITERS_OWN_XMP} for root in roots]


def signatures_removed(reader: PdfFileReader) -> bool:
    """True when an earlier revision had a filled signature field that the last one has not."""
    now = {name for name, _, _ in enumerate_sig_fields(reader, filled_status=True)}
    for revision in range(reader.xrefs.total_revisions - 1):
        handler = reader.get_historical_resolver(revision)
        if {name for name, _, _ in enumerate_sig_fields(handler, filled_status=True)} - now:
            return True
    return False


def fields_added_since(reader: PdfFileReader, revision: int) -> set[str]:
    """Signature fields of the last revision, filled or not, that `revision` did not have."""
    before = {name for name, _, _ in enumerate_sig_fields(reader.get_historical_resolver(revision))}
    return {name for name, _, _ in enumerate_sig_fields(reader)} - before


def has_idle_update(reader: PdfFileReader, after: int, stamped: set[int]) -> bool:
    """True when a revision later than `after` is no archive update, or brings objects that nothing refers to.

    `stamped` are the revisions that hold a document timestamp; any other has to add to the DSS.
    """
    for revision in range(after + 1, reader.xrefs.total_revisions):
        handler = reader.get_historical_resolver(revision)
        brought = set(reader.xrefs.explicit_refs_in_revision(revision))
        container = reader.xrefs.get_xref_container_info(revision)
        carriers = {container.stream_ref, *handler.object_streams_used()}  # type: ignore[no-untyped-call]
        if not _reaches_all(handler, handler.trailer_view, brought - carriers):
            return True
        if revision not in stamped and not _grows_store(reader, revision, brought):
            return True
    return False


def _grows_store(reader: PdfFileReader, revision: int, brought: set[Any]) -> bool:
    handler = reader.get_historical_resolver(revision)
    if "/DSS" not in handler.root:
        return False
    before = reader.get_historical_resolver(revision - 1)
    known = reached(before, [before.root["/DSS"]]) if "/DSS" in before.root else set()
    return bool((reached(handler, [handler.root["/DSS"]]) - known) & brought)


def _reaches_all(handler: HistoricalResolver, start: Any, wanted: set[Any]) -> bool:
    """True when each of these references can be reached; looks nearest first, and no longer than it has to."""
    left, seen, waiting = set(wanted), set(), deque([start])
    while left and waiting:
        item = waiting.popleft()
        if isinstance(item, generic.IndirectObject):
            if item.reference in seen:
                continue
            seen.add(item.reference)
            left.discard(item.reference)
            try:
                found = handler.get_object(item.reference)
            except PdfReadError:
                continue
            # What the revision brought mostly refers to what else it brought.
            (waiting.appendleft if item.reference in wanted else waiting.append)(found)
        elif isinstance(item, generic.DictionaryObject):
            waiting.extend(item.raw_get(key) for key in item)
        elif isinstance(item, generic.ArrayObject):
            waiting.extend(item.raw_get(index) for index in range(len(item)))
    return not left


def reached(handler: HistoricalResolver, start: list[Any]) -> set[Any]:
    """Every reference that can be reached from these objects in one revision."""
    found: set[Any] = set()
    waiting = list(start)
    while waiting:
        item = waiting.pop()
        if isinstance(item, generic.IndirectObject):
            if item.reference not in found:
                found.add(item.reference)
                try:
                    waiting.append(handler.get_object(item.reference))
                except PdfReadError:
                    continue
        elif isinstance(item, generic.DictionaryObject):
            waiting.extend(item.raw_get(key) for key in item)
        elif isinstance(item, generic.ArrayObject):
            waiting.extend(item.raw_get(index) for index in range(len(item)))
    return found
