"""Answers as the services' documentation shows them, shortened; each with its source."""

from __future__ import annotations

IP, IP6, DOMAIN, URL = "185.7.214.104", "2606:4700::1111", "evil.com", "http://evil.com/a.exe"
MD5 = "12c8aec5766ac3e6f26f2505e2f4a8f2"
SHA1 = "da39a3ee5e6b4b0d3255bfef95601890afd80709"
SHA256 = "01fa56184fcaa42b6ee1882787a34098c79898c182814774fd81dc18a6af0b00"
VALUES = {"ipv4": IP, "ipv6": IP6, "domain": DOMAIN, "url": URL, "md5": MD5, "sha1": SHA1, "sha256": SHA256}

# https://docs.virustotal.com/reference/ip-object and files
VIRUSTOTAL = {
    "data": {
        "type": "ip_address",
        "id": IP,
        "attributes": {
            "as_owner": "Chang Way Technologies Co. Limited",
            "last_analysis_date": 1622937600,
            "last_analysis_stats": {"harmless": 60, "malicious": 5, "suspicious": 1, "timeout": 0, "undetected": 20},
            "reputation": -12,
            "tags": ["scanner"],
        },
    }
}
# https://otx.alienvault.com/api
OTX = {
    "indicator": IP,
    "type": "IPv4",
    "asn": "AS57523 chang way",
    "reputation": 0,
    "validation": [],
    "pulse_info": {
        "count": 2,
        "pulses": [
            {"id": "5", "name": "Scanners", "tags": ["ssh", "scan"], "adversary": "", "malware_families": []},
            {
                "id": "6",
                "name": "RedLine C2",
                "tags": ["c2", "ssh"],
                "adversary": "X",
                "malware_families": [{"id": "RedLine", "display_name": "RedLine", "target": None}],
            },
        ],
    },
}
# https://otx.alienvault.com/api, section passive_dns
OTX_NAMES = {
    "count": 2,
    "passive_dns": [
        {
            "address": IP, "first": "2021-10-28T20:23:08", "last": "2022-08-24T18:29:49", "hostname": "Old.evil.com",
            "record_type": "A", "indicator_link": "/indicator/hostname/old.evil.com", "asn": "AS57523 chang way",
        },
        {
            "address": IP, "first": "2023-01-01T00:00:00", "last": "2024-01-01T00:00:00", "hostname": "new.evil.com",
            "record_type": "A", "indicator_link": "/indicator/hostname/new.evil.com", "asn": "AS57523 chang way",
        },
    ],
}  # fmt: skip
# https://api.xforce.ibmcloud.com/doc/
XFORCE_IP = {
    "ip": IP,
    "score": 7.1,
    "cats": {"Scanning IPs": 71},
    "reasonDescription": "Based on statistical DNS analysis.",
    "geo": {"country": "Russia", "countrycode": "RU"},
}
XFORCE_URL = {"result": {"url": "evil.com", "cats": {"Malware": True}, "score": 4.3}}
XFORCE_FILE = {"malware": {"type": "md5", "md5": MD5, "risk": "high", "family": ["tsunami"], "created": "2014-10-20"}}
# https://docs.abuseipdb.com/#check-endpoint
ABUSEIPDB = {
    "data": {
        "ipAddress": "118.25.6.39",
        "isPublic": True,
        "isWhitelisted": None,
        "abuseConfidenceScore": 100,
        "countryCode": "CN",
        "usageType": "Data Center/Web Hosting/Transit",
        "isp": "Tencent Cloud Computing (Beijing) Co. Ltd",
        "domain": "tencent.com",
        "hostnames": [],
        "isTor": False,
        "totalReports": 1,
        "numDistinctUsers": 1,
        "lastReportedAt": "2018-12-20T20:55:14+00:00",
    }
}
# https://docs.greynoise.io/reference/getcommunityip
GREYNOISE = {
    "ip": IP,
    "noise": True,
    "riot": False,
    "classification": "malicious",
    "name": "unknown",
    "link": f"https://viz.greynoise.io/ip/{IP}",
    "last_seen": "2026-11-20",
    "message": "Success",
}
# https://internetdb.shodan.io/
INTERNETDB = {
    "cpes": ["cpe:/a:openbsd:openssh"],
    "hostnames": ["scan.example.net"],
    "ip": IP,
    "ports": [22, 80],
    "tags": ["scanner"],
    "vulns": ["CVE-2021-41773"],
}
# https://threatfox.abuse.ch/api/ ("search_ioc", "search_hash")
_FOX = {
    "id": "12",
    "threat_type": "botnet_cc",
    "malware": "win.cobalt_strike",
    "malware_printable": "Cobalt Strike",
    "confidence_level": 75,
    "first_seen": "2020-12-06 09:10:23 UTC",
    "last_seen": None,
    "tags": None,
}
THREATFOX_IP = {
    "query_status": "ok",
    "data": [{**_FOX, "ioc": f"{IP}:443"}, {**_FOX, "ioc": f"1{IP}:80", "malware_printable": "another address"}],
}
THREATFOX_NAME = {"query_status": "ok", "data": [{**_FOX, "ioc": DOMAIN, "confidence_level": 50}]}
THREATFOX_URL = {"query_status": "ok", "data": [{**_FOX, "ioc": URL}]}
THREATFOX_IP6 = {"query_status": "ok", "data": [{**_FOX, "ioc": IP6}]}
THREATFOX_SHA1 = {"query_status": "ok", "data": [{**_FOX, "ioc": SHA1}]}
THREATFOX_HASH = {"query_status": "ok", "data": [{**_FOX, "ioc": "gaga.com"}]}
# https://urlhaus-api.abuse.ch/
_HAUS = {"id": "223622", "url": URL, "url_status": "online", "threat": "malware_download", "tags": ["elf"]}
URLHAUS_HOST = {
    "query_status": "ok",
    "urlhaus_reference": "https://urlhaus.abuse.ch/host/evil.com/",
    "host": DOMAIN,
    "firstseen": "2019-01-15 07:09:01 UTC",
    "url_count": "120",
    "blacklists": {"spamhaus_dbl": "abused_legit_malware", "surbl": "not listed"},
    "urls": [_HAUS],
}
URLHAUS_URL = {
    "query_status": "ok",
    "urlhaus_reference": "https://urlhaus.abuse.ch/url/223622/",
    "url_status": "offline",
    "threat": "malware_download",
    "date_added": "2019-01-19 01:33:26 UTC",
    "blacklists": {"surbl": "not listed"},
    "tags": ["emotet"],
    "payloads": [{"signature": "Heodo"}],
}
URLHAUS_PAYLOAD = {
    "query_status": "ok",
    "md5_hash": MD5,
    "sha256_hash": SHA256,
    "file_type": "exe",
    "signature": "Gozi",
    "firstseen": "2019-01-19 01:30:09",
    "lastseen": None,
    "url_count": "2",
    "urls": [],
}
# https://bazaar.abuse.ch/api/ ("get_info")
BAZAAR = {
    "query_status": "ok",
    "data": [
        {
            "sha256_hash": SHA256,
            "file_name": "Rechnung.doc",
            "file_type": "doc",
            "signature": "Emotet",
            "first_seen": "2020-03-23 16:37:38",
            "last_seen": None,
            "delivery_method": "email_attachment",
            "tags": ["doc", "Emotet"],
        }
    ],
}
# https://docs.pulsedive.com/api/indicator/get-by-value
PULSEDIVE = {
    "iid": 53929,
    "indicator": DOMAIN,
    "type": "domain",
    "risk": "critical",
    "retired": 0,
    "stamp_seen": "2025-05-19 14:23:45",
    "riskfactors": [{"rfid": 1, "description": "found in threat feeds", "risk": "medium"}],
    "threats": [{"tid": 1, "name": "Zeus", "category": "malware", "risk": "high"}],
    "feeds": [{"fid": 1, "name": "Zeus Bad Domains", "organization": "abuse.ch"}],
}
# https://docs.crowdsec.net/u/cti_api/api_getting_started
CROWDSEC = {
    "ip": IP,
    "reputation": "malicious",
    "confidence": "high",
    "background_noise_score": 10,
    "as_name": "Chang Way Technologies Co. Limited",
    "behaviors": [{"name": "http:exploit", "label": "HTTP Exploit", "description": "…"}],
    "attack_details": [{"name": "crowdsecurity/http-cve-2021-41773", "label": "Apache CVE-2021-41773"}],
    "classifications": {"false_positives": [], "classifications": [{"name": "x", "label": "Community Blocklist"}]},
    "history": {"first_seen": "2022-06-14T21:30:00+00:00", "last_seen": "2022-07-22T11:45:00+00:00"},
    "scores": {"overall": {"aggressiveness": 5, "threat": 4, "trust": 5, "anomaly": 1, "total": 4}},
}
# https://www.misp-project.org/openapi/ (POST /attributes/restSearch)
MISP = {
    "response": {
        "Attribute": [
            {
                "id": "1",
                "event_id": "7",
                "category": "Network activity",
                "type": "ip-dst",
                "value": IP,
                "to_ids": True,
                "comment": "C2",
                "timestamp": "1622937600",
                "Event": {"id": "7", "info": "RedLine, June"},
                "Tag": [{"name": "tlp:green"}],
            }
        ]
    }
}
# https://learn.microsoft.com/azure/azure-monitor/logs/api/response-format and the table ThreatIntelIndicators
SENTINEL = {
    "tables": [
        {
            "name": "PrimaryResult",
            "columns": [
                {"name": name, "type": "string"}
                for name in ("Id", "ObservableKey", "ObservableValue", "Confidence", "ValidFrom", "ValidUntil")
            ]
            + [{"name": name, "type": "dynamic"} for name in ("SourceSystem", "Tags", "Data")],
            "rows": [["i1", "ipv4-addr:value", IP, 90, "2026-01-01T00:00:00Z", None, "TAXII", "c2", "{}"]],
        }
    ]
}

ANSWERS: dict[str, tuple[dict[str, object], dict[str, str]]] = {
    "virustotal": (dict.fromkeys(VALUES, VIRUSTOTAL), dict.fromkeys(VALUES, "high")),
    "otx": (dict.fromkeys(VALUES, OTX), dict.fromkeys(VALUES, "high")),
    "otx_names": (
        dict.fromkeys(("ipv4", "ipv6", "domain"), OTX_NAMES),
        dict.fromkeys(("ipv4", "ipv6", "domain"), "information"),
    ),
    "xforce": (
        {"ipv4": XFORCE_IP, "ipv6": XFORCE_IP, "domain": XFORCE_URL, "url": XFORCE_URL}
        | dict.fromkeys(("md5", "sha1", "sha256"), XFORCE_FILE),
        {"ipv4": "high", "ipv6": "high", "domain": "warning", "url": "warning", "md5": "high", "sha256": "high"},
    ),
    "abuseipdb": (dict.fromkeys(("ipv4", "ipv6"), ABUSEIPDB), {"ipv4": "high"}),
    "greynoise": ({"ipv4": GREYNOISE}, {"ipv4": "high"}),
    "internetdb": ({"ipv4": INTERNETDB}, {"ipv4": "warning"}),
    "threatfox": (
        {
            "ipv4": THREATFOX_IP,
            "ipv6": THREATFOX_IP6,
            "domain": THREATFOX_NAME,
            "url": THREATFOX_URL,
            "sha1": THREATFOX_SHA1,
            "md5": THREATFOX_HASH,
            "sha256": THREATFOX_HASH,
        },
        {"ipv4": "high", "domain": "warning", "md5": "high"},
    ),
    "urlhaus": (
        {
            "ipv4": URLHAUS_HOST,
            "domain": URLHAUS_HOST,
            "url": URLHAUS_URL,
            "md5": URLHAUS_PAYLOAD,
            "sha256": URLHAUS_PAYLOAD,
        },
        {"ipv4": "high", "domain": "high", "url": "warning", "md5": "high"},
    ),
    "malwarebazaar": (dict.fromkeys(("md5", "sha1", "sha256"), BAZAAR), {"sha256": "high"}),
    "pulsedive": (dict.fromkeys(("ipv4", "ipv6", "domain", "url"), PULSEDIVE), {"domain": "high"}),
    "crowdsec": (dict.fromkeys(("ipv4", "ipv6"), CROWDSEC), {"ipv4": "high"}),
    "misp": (dict.fromkeys(VALUES, MISP), {"ipv4": "high"}),
    "sentinel": (dict.fromkeys(VALUES, SENTINEL), {"ipv4": "high"}),
}
"""By service: the answer for each type it is asked about, and the severity that is read from it."""
