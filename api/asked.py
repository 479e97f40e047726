"""What every request body has in common: nothing unknown, and no text that cannot be kept."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

_DEEPEST = 20


class Asked(BaseModel):
    """The root of request bodies."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _can_be_kept(cls, value: Any) -> Any:
        refuse_unkeepable(value)
        return value


def refuse_unkeepable(value: Any, depth: int = 0) -> None:
    """PostgreSQL keeps no NUL and UTF-8 no lone surrogate; a case with one would be stuck at its first write.

    Raises ValueError.
    """
    if depth > _DEEPEST:
        raise ValueError("nested too deeply")
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, dict):
        for key, inner in value.items():
            refuse_unkeepable(key, depth + 1)
            refuse_unkeepable(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            refuse_unkeepable(inner, depth + 1)


def _check_text(text: str) -> str:
    if any((char < " " and char not in "\n\r\t") or "\ud800" <= char <= "\udfff" for char in text):
        raise ValueError("a text holds characters that cannot be kept")
    return text


Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Text = Annotated[str, AfterValidator(_check_text)]
