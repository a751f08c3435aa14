"""``service.json``: what the worker and the gateway know of a revision."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lyceum.limits import limit
from lyceum.serving.bundles import MODEL
from lyceum.serving.models import Draft


def spec_of(
    draft: Draft,
    *,
    inputs: Sequence[dict[str, Any]] = (),
    outputs: Sequence[dict[str, Any]] = (),
    converter: bool = False,
) -> dict[str, Any]:
    """The spec of the draft's model; paths are relative to the bundle's folder."""
    return {
        "kind": draft.kind,
        "main_program": f"{MODEL}/{draft.main_program}",
        "params_file": f"{MODEL}/{draft.params_file}" if draft.params_file else "",
        "converter": converter,
        "inputs": list(inputs),
        "outputs": list(outputs),
        "timeout_seconds": limit("serving_timeout_seconds"),
        "batch": True,
        "threads": limit("serving_cpus"),
    }
