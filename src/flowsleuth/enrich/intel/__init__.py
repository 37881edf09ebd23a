"""Threat intelligence: what services and local feeds say about an observable.

A service is a small declared table (:class:`~flowsleuth.enrich.intel.provider.Provider`); one module each in
``providers``. Third parties add theirs by an entry point in ``flowsleuth.providers``.
"""

from flowsleuth.catalogue import Catalogue

_HERE = "flowsleuth.enrich.intel.providers"

PROVIDERS = Catalogue(
    "flowsleuth.providers",
    {
        "virustotal": f"{_HERE}.virustotal:VIRUSTOTAL",
        "otx": f"{_HERE}.otx:OTX",
        "otx_names": f"{_HERE}.otx:OTX_NAMES",
        "xforce": f"{_HERE}.xforce:XFORCE",
        "abuseipdb": f"{_HERE}.abuseipdb:ABUSEIPDB",
        "greynoise": f"{_HERE}.greynoise:GREYNOISE",
        "internetdb": f"{_HERE}.internetdb:INTERNETDB",
        "threatfox": f"{_HERE}.abusech:THREATFOX",
        "urlhaus": f"{_HERE}.abusech:URLHAUS",
        "malwarebazaar": f"{_HERE}.abusech:MALWAREBAZAAR",
        "pulsedive": f"{_HERE}.pulsedive:PULSEDIVE",
        "crowdsec": f"{_HERE}.crowdsec:CROWDSEC",
        "misp": f"{_HERE}.misp:MISP",
        "sentinel": f"{_HERE}.sentinel:SENTINEL",
    },
)
"""Services by name."""
