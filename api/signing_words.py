"""Why a letter is not signed, in the language of the request; Indonesian stands in `workflows.stages.signing_words`.

English stands in `web/sentences/signing.en.yaml`.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml

from api.pages.language import language
from workflows.stages import signing_words

ENGLISH = Path(__file__).resolve().parent.parent / "web" / "sentences" / "signing.en.yaml"


def service_in_words(code: str) -> str:
    """The outside service that a letter waits for."""
    if language() == "en":
        services: dict[str, str] = english()["services"]
        return services.get(code, services["provider_unavailable"])
    return signing_words.service(code)


def why_in_words(code: str) -> str:
    """Why a letter came back, as a sentence."""
    clause = english()["why"].get(code, english()["general"]) if language() == "en" else signing_words.why(code)
    return f"{clause[:1].upper()}{clause[1:]}."


@cache
def english(path: Path = ENGLISH) -> dict[str, Any]:
    """`services` and `why` by code, and `general` for any other code."""
    return dict(yaml.safe_load(path.read_text(encoding="utf-8")))
