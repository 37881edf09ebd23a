"""Show what is declared: readers, detectors and their options."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from flowsleuth.faces.cli.show import print_json

if TYPE_CHECKING:
    from flowsleuth.workspace.offers import Offer


def show_declared(offers: list[Offer], form: str) -> None:
    """Print names, summaries and options."""
    if form == "json":
        print_json([dataclasses.asdict(offer) for offer in offers])
        return
    width = max(len(offer.name) for offer in offers)
    for offer in offers:
        mark = " (default)" if offer.is_default else ""
        print(f"{offer.name:<{width}}  {offer.summary}{mark}")
        for option in offer.options:
            unit = f" {option.unit}" if option.unit else ""
            default = "" if option.default is None else f" (default: {option.default}{unit})"
            print(f"{'':<{width}}    --option {option.name}={option.type.upper()}  {option.help}{default}")
