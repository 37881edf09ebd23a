"""Which ports an application protocol belongs on, and what sources of records call it."""

from __future__ import annotations

PORTS: dict[str, tuple[int, ...]] = {
    "ssh": (22, 2222),
    "telnet": (23, 2323),
    "ftp": (20, 21, 989, 990, 2121),
    "tftp": (69,),
    "smtp": (25, 465, 587, 2525),
    "imap": (143, 993),
    "pop3": (110, 995),
    "dns": (53, 137, 853, 5353, 5355),
    "dhcp": (67, 68, 546, 547),
    "ntp": (123,),
    "snmp": (161, 162),
    "syslog": (514, 601, 6514),
    "http": (
        80, 81, 591, 631, 1080, 1900, 2869, 3000, 3128, 5000, 5357, 5985, 7547, 8000, 8001, 8008, 8009, 8010, 8060,
        8080, 8081, 8082, 8088, 8090, 8118, 8123, 8181, 8200, 8530, 8888, 9000, 9080, 9090, 10000, 11371, 47001, 49152,
    ),
    "tls": (
        25, 110, 143, 389, 443, 465, 563, 587, 636, 853, 989, 990, 992, 993, 994, 995, 1433, 2083, 2087, 2096, 2376,
        3128, 3268, 3269, 3306, 3389, 4433, 4443, 5061, 5222, 5223, 5228, 5229, 5230, 5349, 5432, 5671, 5986, 6443,
        6514, 6697, 7443, 8080, 8081, 8089, 8443, 8531, 8834, 8883, 8888, 9093, 9200, 9443, 10443,
    ),
    "quic": (80, 443, 853, 8443),
    "smb": (139, 445),
    "rdp": (3389, 3390),
    "vnc": (5800, 5900, 5901, 5902, 5903),
    "irc": (194, 6660, 6661, 6662, 6663, 6664, 6665, 6666, 6667, 6668, 6669, 6697, 7000),
    "ldap": (389, 636, 3268, 3269),
    "kerberos": (88, 464, 749),
    "socks": (1080, 9050, 9150),
    "mysql": (3306, 33060),
    "postgresql": (5432,),
    "mssql": (1433, 1434),
    "radius": (1645, 1646, 1812, 1813),
    "mqtt": (1883, 8883),
    "modbus": (502,),
    "dnp3": (20000,),
}  # fmt: skip
"""Registered ports (IANA's service name and port number registry) and those that products use as a rule besides.

Protocols that agree on any port (RTP, RPC, file sharing, SIP between providers) are left out on purpose.
"""

NAMES: dict[str, str] = {
    "ssl": "tls", "tls": "tls", "https": "tls", "http": "http", "http2": "http", "web-browsing": "http",
    "ssh": "ssh", "telnet": "telnet", "ftp": "ftp", "tftp": "tftp", "smtp": "smtp", "imap": "imap", "imap4": "imap",
    "pop3": "pop3", "dns": "dns", "dhcp": "dhcp", "ntp": "ntp", "snmp": "snmp", "syslog": "syslog", "quic": "quic",
    "smb": "smb", "smb2": "smb", "ms-ds-smb": "smb", "ms-ds-smbv2": "smb", "ms-ds-smbv3": "smb", "rdp": "rdp",
    "ms-rdp": "rdp", "rfb": "vnc", "vnc": "vnc", "irc": "irc", "irc-base": "irc", "ldap": "ldap",
    "ldap_tcp": "ldap", "ldap_udp": "ldap", "krb": "kerberos", "krb5": "kerberos", "krb_tcp": "kerberos",
    "kerberos": "kerberos", "socks": "socks", "mysql": "mysql", "postgresql": "postgresql", "pgsql": "postgresql",
    "postgres": "postgresql", "mssql": "mssql", "mssql-db": "mssql", "tds": "mssql", "radius": "radius",
    "mqtt": "mqtt", "modbus": "modbus", "dnp3_tcp": "dnp3", "dnp3": "dnp3",
}  # fmt: skip
"""What Zeek, Suricata and PAN-OS call them."""

CARRIERS = {443: "tls", 80: "http", 53: "dns", 22: "ssh", 25: "smtp", 445: "smb", 3389: "rdp"}
"""Ports on which sensors as a rule recognise what they carry, so that something they do not know stands out."""


def protocols(service: str) -> frozenset[str]:
    """The protocols of :data:`PORTS` that a recorded service names, however its source writes them.

    Examples
    --------
    >>> sorted(protocols("smtp,SSL")), sorted(protocols("skype-probe"))
    (['smtp', 'tls'], [])
    """
    return frozenset(NAMES[word] for word in service.lower().split(",") if word in NAMES)


def belongs(found: frozenset[str], port: int) -> bool:
    """Whether any of the protocols belongs on the port.

    Examples
    --------
    >>> belongs(frozenset({"ssh"}), 443), belongs(frozenset({"smtp", "tls"}), 443)
    (False, True)
    """
    return any(port in PORTS[name] for name in found)
