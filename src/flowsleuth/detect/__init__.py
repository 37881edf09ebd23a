"""Rows into scores: a module per detector; kernels hold the numbers and know arrays only."""

from flowsleuth.catalogue import Catalogue

DETECTORS = Catalogue(
    "flowsleuth.detectors",
    {
        "suspicious": "flowsleuth.detect.suspicious:SuspiciousDetector",
        "spot": "flowsleuth.detect.spot:SpotDetector",
    },
)

FINDERS = Catalogue(
    "flowsleuth.finders",
    {
        "brute_force": "flowsleuth.detect.brute_force:BruteForceFinder",
        "dns_tunnels": "flowsleuth.detect.dns_tunnels:DnsTunnelFinder",
        "denied_bursts": "flowsleuth.detect.denied_bursts:DeniedBurstFinder",
        "exfiltration": "flowsleuth.detect.exfiltration:ExfiltrationFinder",
        "long_connections": "flowsleuth.detect.long_connections:LongConnectionFinder",
        "scans": "flowsleuth.detect.scans:ScanFinder",
        "beacons": "flowsleuth.detect.daily_beacons:DailyBeaconFinder",
        "rita": "flowsleuth.detect.rita:RitaFinder",
        "strobes": "flowsleuth.detect.strobes:StrobeFinder",
        "intelligence_hits": "flowsleuth.detect.intelligence_hits:IntelligenceFinder",
        "lateral_movement": "flowsleuth.detect.lateral_movement:LateralMovementFinder",
        "role_change": "flowsleuth.detect.role_change:RoleChangeFinder",
        "new_rare": "flowsleuth.detect.new_rare:NewRareFinder",
        "unlike_peers": "flowsleuth.detect.unlike_peers:UnlikePeersFinder",
        "wrong_port": "flowsleuth.detect.wrong_port:WrongPortFinder",
    },
)
