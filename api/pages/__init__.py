"""Pages for people: templates of `web/pages`, the words of `formatting`, the built files of `web/dist`.

`page_environment` is the one place where Jinja2 is set up: everything is escaped, a name that a page was not given is
an error and not an empty place, `asset(name)` gives the address of a built file, and `govuk(component, params)` draws
a component of govuk-frontend (`govuk("file-upload", {...})`; parameters as in its Nunjucks documentation).
`error_of(errors, field)` is such a component's `errorMessage`. Words stand in `_("...")` or `{% trans %}`.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, PackageLoader, PrefixLoader, StrictUndefined
from jinja2.ext import Extension
from markupsafe import Markup

from api.pages.formatting import FILTERS
from api.pages.language import gettext, ngettext


def page_environment(web: Path, *, assets_url: str = "/assets") -> Environment:
    """Return the environment of the pages under `web/pages`.

    Args:
        web: the folder `web`, whose `dist/manifest.json` has been built.
        assets_url: where `web/dist` is served, without a slash at the end.

    Raises:
        FileNotFoundError: the assets have not been built.
    """
    manifest = read_manifest(web)
    environment = Environment(
        loader=FileSystemLoader(web / "pages"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, extensions=["jinja2.ext.i18n", Area],
    )
    environment.policies["ext.i18n.trimmed"] = True
    environment.install_gettext_callables(gettext, ngettext, newstyle=True)  # type: ignore[attr-defined]
    environment.filters.update(FILTERS)
    environment.globals["asset"] = lambda name: f"{assets_url}/{manifest[name]}"
    environment.globals["govuk"] = _govuk_components()
    environment.globals["error_of"] = error_of
    return environment


def read_manifest(web: Path) -> Mapping[str, str]:
    """Return the built files of `web/dist` by their plain names."""
    names: dict[str, str] = json.loads((web / "dist" / "manifest.json").read_text())
    return {plain: built for plain, built in names.items() if not plain.startswith(".")}


class Area(Extension):
    """Tells a page which folder it lies in: `page_folder`, "" for those in none; the sheet's rules go by it."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        """The template with its folder's name in its first line."""
        folder, slash, _ = (name or "").partition("/")
        return f'{{% set page_folder = "{folder}" %}}{source}' if slash else source


def error_of(errors: Sequence[tuple[str, str]], field: str) -> dict[str, str] | None:
    """The `errorMessage` of a field's component; None where nothing is wrong with it."""
    found = next((words for name, words in errors if name == field), None)
    return {"text": found, "visuallyHiddenText": gettext("Masalah")} if found else None


def _govuk_components() -> Callable[[str, Mapping[str, Any]], Markup]:
    # The macros ask for parameters that were not given, so they live in an environment of their own that allows it.
    lenient = Environment(
        loader=PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")}), autoescape=True,
    )

    def component(name: str, params: Mapping[str, Any]) -> Markup:
        macros = lenient.get_template(f"govuk_frontend_jinja/components/{name}/macro.html").module
        macro = getattr(macros, "govuk" + "".join(part.capitalize() for part in name.split("-")))
        return Markup(macro(params))  # noqa: S704 - the macro has escaped its parameters

    return component
