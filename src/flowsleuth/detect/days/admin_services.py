"""Services by which one host is worked on from another, and the ATT&CK technique of each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.days.flow_codes import SPAN
from flowsleuth.detect.dense_codes import look_up

Ints = NDArray[np.int64]
TCP, UDP = 6, 17


@dataclass(frozen=True)
class AdminService:
    """One way to work on another host.

    Attributes
    ----------
    name : str
    technique : str
    ports : tuple of int
        TCP.
    """

    name: str
    technique: str
    ports: tuple[int, ...]


ADMIN = (
    AdminService("SMB and RPC", "T1021.002", (135, 139, 445, 593)),
    AdminService("RDP", "T1021.001", (3389,)),
    AdminService("SSH", "T1021.004", (22,)),
    AdminService("WinRM", "T1021.006", (5985, 5986, 47001)),
    AdminService("VNC", "T1021.005", (5800, *range(5900, 5911))),
    AdminService("remote shell", "T1021", (23, 512, 513, 514, 2323, 4899, 5555, 5938, 7070)),
    AdminService("database", "T1021", (1433, 1434, 1521, 3306, 5432, 6379, 27017)),
    AdminService("control of machines", "T1021", (623, 902, 2375, 2376, 2379, 6443, 8006, 10250, 10000)),
)
"""SMB and RPC go together: service control, scheduled tasks, WMI and DCOM begin at 135 or within 445. Others: telnet,
rsh, Radmin, adb, TeamViewer, AnyDesk; IPMI, ESXi, Docker, etcd, Kubernetes, Proxmox, Webmin (IANA's registry, makers'
manuals)."""
_CODES = np.array([TCP * SPAN + port for one in ADMIN for port in one.ports] + [UDP * SPAN + 3389], dtype=np.int64)
_PLACES = np.array([place for place, one in enumerate(ADMIN) for _ in one.ports] + [1], dtype=np.int64)
_ORDER = np.argsort(_CODES)


def admin_service(service: NDArray[np.integer]) -> Ints:
    """Place in :data:`ADMIN` of service codes (:mod:`.flow_codes`); -1 for others.

    Examples
    --------
    >>> admin_service(np.array([TCP * SPAN + 22, TCP * SPAN + 443])).tolist()
    [2, -1]
    """
    at = look_up(_CODES[_ORDER], service.astype(np.int64))
    return np.where(at >= 0, _PLACES[_ORDER][at], -1)
