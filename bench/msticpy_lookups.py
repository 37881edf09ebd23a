"""``msticpy_lookups.py URL OBSERVABLES FOLDER PROVIDER …``: the same by msticpy's TILookup; prints what it took."""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from pathlib import Path

CLASSES = {
    "OTX": "msticpy.context.tiproviders.alienvault_otx:OTX",
    "VirusTotal": "msticpy.context.tiproviders.virustotal:VirusTotal",
    "AbuseIPDB": "msticpy.context.tiproviders.abuseipdb:AbuseIPDB",
    "CrowdSec": "msticpy.context.tiproviders.crowdsec:CrowdSec",
}


def main(words: list[str]) -> None:
    """Point msticpy's providers to the server, and look up."""
    url, count, folder, *providers = words
    lines = ["TIProviders:"]
    for name in providers:
        lines += [
            f"  {name}:",
            "    Args:",
            "      AuthKey: bench-key-000",
            "    Primary: true",
            f"    Provider: {name}",
        ]
    path = Path(folder) / "msticpyconfig.yaml"
    path.write_text("\n".join(lines) + "\n")
    os.environ["MSTICPYCONFIG"] = str(path)
    for name in providers:
        module, _, kind = CLASSES[name].partition(":")
        declared = getattr(importlib.import_module(module), kind)
        declared._BASE_URL = url + ("/" if declared._BASE_URL.endswith("/") else "")
    from msticpy.context.tilookup import TILookup

    lookup = TILookup(providers=providers)
    asked = [f"8.0.{n // 256}.{n % 256}" for n in range(256, 256 + int(count))]
    lookup.lookup_iocs(["9.9.9.9"])  # modules and certificates are loaded
    begin, cpu = time.perf_counter(), time.process_time()
    found = lookup.lookup_iocs(asked)
    told = {"wall_s": time.perf_counter() - begin, "cpu_s": time.process_time() - cpu, "rows": len(found)}
    print(json.dumps(told | {"answered": int((found["Status"] == 0).sum())}))


if __name__ == "__main__":
    main(sys.argv[1:])
