"""The licences a dataset can name: SPDX identifiers, the usual ones first."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _
from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

from lyceum.common.errors import DomainError

USUAL = {
    "CC0-1.0": "CC0 1.0 Universal",
    "CC-BY-4.0": "CC BY 4.0",
    "CC-BY-SA-4.0": "CC BY-SA 4.0",
    "CC-BY-SA-3.0": "CC BY-SA 3.0",
    "CC-BY-NC-4.0": "CC BY-NC 4.0",
    "CC-BY-NC-SA-4.0": "CC BY-NC-SA 4.0",
    "CC-BY-ND-4.0": "CC BY-ND 4.0",
    "ODbL-1.0": "ODbL 1.0",
    "ODC-By-1.0": "ODC-By 1.0",
    "PDDL-1.0": "PDDL 1.0",
    "CDLA-Permissive-2.0": "CDLA Permissive 2.0",
    "CDLA-Sharing-1.0": "CDLA Sharing 1.0",
    "Apache-2.0": "Apache 2.0",
    "MIT": "MIT",
    "BSD-3-Clause": "BSD 3-Clause",
    "GPL-3.0-or-later": "GPL 3.0 or later",
    "MulanPSL-2.0": "木兰宽松许可证 2.0 (MulanPSL)",
}
"""SPDX identifier → name as its makers write it."""


@dataclass(frozen=True, slots=True)
class Licence:
    """A licence as pages and the API show it; ``url`` is its text's at spdx.org, empty for
    several licences in one expression and for a licence of one's own (``LicenseRef-…``)."""

    id: str
    name: str
    url: str


def licence(identifier: str) -> Licence | None:
    """The licence with this SPDX identifier; ``None`` for the empty one."""
    if not identifier:
        return None
    is_listed = " " not in identifier and not identifier.startswith("LicenseRef-")
    url = f"https://spdx.org/licenses/{identifier}.html" if is_listed else ""
    return Licence(identifier, USUAL.get(identifier, identifier), url)


def licences() -> list[Licence]:
    """Those that a form offers."""
    return [found for identifier in USUAL if (found := licence(identifier))]


def clean_licence(identifier: str) -> str:
    """``identifier`` as the SPDX list spells it, empty for not stated; else a
    ``DomainError``."""
    identifier = identifier.strip()
    if not identifier:
        return ""
    try:
        return str(canonicalize_license_expression(identifier))[:60]
    except InvalidLicenseExpression:
        raise DomainError(
            "no_such_licence",
            _("There is no such licence in the SPDX list."),
            field="licence",
        ) from None
