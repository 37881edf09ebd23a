"""What the cells of a column are, told by its name: accounts and hosts cannot be told by their looks."""

from __future__ import annotations

import re
from collections.abc import Iterable

KINDS = ("account", "address", "hash", "host", "keep", "opaque", "text")
"""How a column can be masked; ``text`` finds by itself what has a form, and the names of other columns."""
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[^A-Za-z0-9]+")
_HOSTS = frozenset(
    ("host", "hosts", "hostname", "computer", "computername", "machine", "machinename", "device", "devicename",
     "server", "servername", "workstation", "workstationname", "fqdn", "node", "nodename", "dvc", "sysmonhost",
     "vmname", "vm", "domain", "domainname", "dnsdomain", "ntdomain", "netbiosname", "dnsname", "query", "sni",
     "agenthostname", "entity")
)  # fmt: skip
_ACCOUNTS = frozenset(
    ("account", "accounts", "accountname", "user", "users", "username", "upn", "login", "loginname", "logonname",
     "acct", "suser", "duser", "ruser", "owner", "caller", "principal", "displayname", "firstname", "lastname",
     "fullname", "givenname", "surname", "nickname", "samaccountname", "userid", "initiator", "identity", "actor",
     "mail", "email", "sender", "recipient", "recipients", "author")
)  # fmt: skip
_ADDRESSES = frozenset(("ip", "ips", "ipaddr", "ipaddress", "ipaddresses", "ipv4", "ipv6", "addr", "saddr", "daddr"))
_HASHES = frozenset(("md5", "sha1", "sha256", "sha512", "imphash", "ssdeep", "filehash", "hash", "hashes"))
_OPAQUE = frozenset(
    ("tenant", "tenantid", "subscription", "subscriptionid", "subscriptionname", "workspace", "workspaceid",
     "resourceid", "resourcegroup", "resource", "resourcename", "organization", "company", "department", "phone",
     "mobile", "street", "serialnumber", "password", "secret", "token", "apikey", "cookie", "session", "latitude",
     "longitude", "city")
)  # fmt: skip
_KEPT = frozenset(
    ("useragent", "usertype", "accounttype", "hosttype", "devicetype", "identitytype", "resourcetype", "ostype",
     "queryname", "querytype", "sessionid", "logontype", "accountsessionidentifier", "alertdisplayname",
     "appdisplayname", "resourcedisplayname", "resourceidentity")
)  # fmt: skip
_WORDS_OF_OTHERS = frozenset(("type", "kind", "severity"))
"""What such columns and keys hold are words of the product that wrote them."""
_TAILS = frozenset(("name", "names", "id", "upn", "value"))
_NOT_NAMES = frozenset(
    ("type", "kind", "count", "version", "agent", "status", "time", "date", "port", "size", "family")
)


def kind_of_name(name: str) -> str | None:
    """What the cells of a column or the value of a key are by its name; None where the name does not tell.

    Examples
    --------
    >>> [kind_of_name(name) for name in ("TargetUserName", "src_ip", "Computer", "UserAgent", "CommandLine", "SHA256")]
    ['account', 'address', 'host', None, None, 'hash']
    """
    words = [word.casefold() for word in _HUMP.split(name) if word]
    joined = "".join(words)
    if not words or joined in _KEPT or words[-1] in _NOT_NAMES:
        return "keep" if words and words[-1] in _WORDS_OF_OTHERS else None
    ends = {joined, words[-1], "".join(words[-2:])}
    if words[-1] in _TAILS and len(words) > 1:
        ends |= {words[-2], "".join(words[-3:-1])}
    for kind, known in (
        ("hash", _HASHES), ("address", _ADDRESSES), ("opaque", _OPAQUE), ("account", _ACCOUNTS), ("host", _HOSTS),
    ):  # fmt: skip
        if ends & known:
            return kind
    return None


def kinds_of(names: Iterable[str]) -> dict[str, str]:
    """The kind of each column; ``text`` where its name does not tell.

    Examples
    --------
    >>> kinds_of(["Account", "CommandLine"])
    {'Account': 'account', 'CommandLine': 'text'}
    """
    return {name: kind_of_name(name) or "text" for name in names}
