"""Which environment variables does Roomwatch look at, as a page?"""

from collections.abc import Iterator

from docs.writing.markdown import code, page, table
from monitor.config import TWILIO_VARIABLES
from monitor.settings import Section, Sections

_INTRODUCTION = """\
# Environment variables

The environment goes before the file: `ROOMWATCH_STORAGE_PATH` is `storage.path` of the
[configuration](configuration.md), whatever the file says. Lists are written with commas:
`ROOMWATCH_NAMES_TENANTS=acme,globex`. Every variable of a secret has a sister that names a file:
`ROOMWATCH_PRIVATE_ACCESS_TOKEN_FILE`. What stands in tables that repeat or have names (rules, routes, receivers,
further accounts) has no variable and comes from the file. `roomwatch check-config` and `roomwatch run` look at the
same variables, so what is checked is what runs.

This page is written by `python -m docs.writing` from the types that read the environment.

## One account

Where the file has no `[[accounts]]`, these make one.
"""

_SECTIONS = """\
## The tables of the configuration

Their meaning, types and defaults are in [configuration](configuration.md).
"""


def variables() -> dict[str, str]:
    """Return every variable of the configuration with the key that it stands for."""
    return {f"ROOMWATCH_{section}_{key}".upper(): f"{section}.{key}" for section, key in _keys()}


def _keys() -> Iterator[tuple[str, str]]:
    for section, field in Sections.model_fields.items():
        model = field.annotation
        if isinstance(model, type) and issubclass(model, Section):
            for key, inner in model.model_fields.items():
                if "Mapping" not in str(inner.annotation) and not _holds_tables(str(inner.annotation)):
                    yield section, key
                    if "SecretStr" in str(inner.annotation):
                        yield section, f"{key}_file"


def _holds_tables(annotation: str) -> bool:
    return "monitor.settings" in annotation


def markdown() -> str:
    """Return the page."""
    account = ((code(variable), code(key)) for variable, key in TWILIO_VARIABLES.items())
    rest = ((code(variable), code(key)) for variable, key in variables().items())
    heads = ("variable", "key")
    return page([_INTRODUCTION, *table(("variable", "key of the account"), account), _SECTIONS, *table(heads, rest)])
