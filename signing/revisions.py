"""What may come after a signature: only archive updates (DSS and document timestamps, ETSI EN 319 142-1, 5.4 and 5.5).

Stricter than pyHanko's default policy: no change of metadata, of the information dictionary or of the catalog beyond what a
DSS and a signature field need. Other signature fields may still be filled between two signatures of an unfinished letter;
`verify` allows that by field name.
"""

from __future__ import annotations

import re
import zlib

from asn1crypto import ocsp, x509
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import HistoricalResolver, PdfFileReader
from pyhanko.sign.diff_analysis import ModificationLevel, StandardDiffPolicy
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
from pyhanko.sign.fields import enumerate_sig_fields

from signing.accounting import SEQUENCE, Pool, Unaccounted, account_for_certificate, account_for_crl, read_node

ARCHIVE_ONLY = StandardDiffPolicy(
    global_rules=[
        CatalogModificationRule(ignored_keys={"/AcroForm", "/DSS", "/Extensions"}),
        XrefStreamRule().as_qualified(ModificationLevel.LTA_UPDATES),
        ObjectStreamRule().as_qualified(ModificationLevel.LTA_UPDATES),
        DSSCompareRule().as_qualified(ModificationLevel.LTA_UPDATES),
    ],
    form_rule=FormUpdatingRule(field_rules=[SigFieldCreationRule(), SigFieldModificationRule()]),
)


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


def account_for_tail(reader: PdfFileReader, pdf: bytes, covered: int, pool: Pool) -> None:
    """Check an update that no signature covers: it may only be a DSS. Raises Unaccounted."""
    raise Unaccounted("tail")
