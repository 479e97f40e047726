"""Pages for people: templates of `web/pages`, the words of `formatting`, the built files of `web/dist`.

`page_environment` is the one place where Jinja2 is set up: everything is escaped, an unknown name is an error, and
`asset(name)` gives the address of a built file.
"""

import json
from collections.abc import Mapping
from pathlib import Path

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PackageLoader, PrefixLoader, StrictUndefined

from api.pages.formatting import FILTERS


def page_environment(web: Path, *, assets_url: str = "/assets") -> Environment:
    """Return the environment of the pages under `web/pages`.

    Args:
        web: the folder `web`, whose `dist/manifest.json` has been built.
        assets_url: where `web/dist` is served, without a slash at the end.

    Raises:
        FileNotFoundError: the assets have not been built.
    """
    manifest = read_manifest(web)
    govuk = PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")})
    environment = Environment(
        loader=ChoiceLoader([FileSystemLoader(web / "pages"), govuk]),
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters.update(FILTERS)
    environment.globals["asset"] = lambda name: f"{assets_url}/{manifest[name]}"
    return environment


def read_manifest(web: Path) -> Mapping[str, str]:
    """Return the built files by their plain names."""
    names: dict[str, str] = json.loads((web / "dist" / "manifest.json").read_text())
    return {plain: built for plain, built in names.items() if not plain.startswith(".")}
