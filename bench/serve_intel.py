"""A server that answers as four threat intelligence services do, each answer after 50 ms; prints its port.

``serve_intel.py [DELAY_S]``; it serves until its standard input is closed.
"""

from __future__ import annotations

import sys

from flowsleuth.testing.intel_server import Answer, Asked, IntelServer

ANSWERS: dict[str, object] = {
    "/ip_addresses": {
        "data": {
            "attributes": {"last_analysis_stats": {"malicious": 3, "suspicious": 0, "harmless": 60, "undetected": 9}}
        }
    },
    "/vtapi/v2/ip-address": {"response_code": 1, "detected_urls": [], "resolutions": []},
    "/api/v1/indicators": {"pulse_info": {"count": 1, "pulses": [{"name": "Scanners", "tags": ["ssh"]}]}},
    "/indicators": {"pulse_info": {"count": 1, "pulses": [{"name": "Scanners", "tags": ["ssh"]}]}},
    "/api/v2/check": {"data": {"abuseConfidenceScore": 80, "totalReports": 5}},
    "/check": {"data": {"abuseConfidenceScore": 80, "totalReports": 5}},
    "/v2/smoke": {"ip": "8.8.8.8", "reputation": "malicious", "behaviors": []},
}


def answering(delay_s: float) -> IntelServer:
    """The server, not yet started."""

    def answer(asked: Asked) -> Answer:
        found = next((body for path, body in ANSWERS.items() if asked.path.startswith(path)), {})
        return Answer(found, delay_s=delay_s)

    return IntelServer(answer)


if __name__ == "__main__":
    with answering(float(sys.argv[1]) if len(sys.argv) > 1 else 0.05) as server:
        print(server.url, flush=True)
        sys.stdin.read()
