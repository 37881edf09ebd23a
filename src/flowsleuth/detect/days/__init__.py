"""What is counted of a day: codes of flows, pairs of hosts, hours, meetings, roles; what all detectors share."""
