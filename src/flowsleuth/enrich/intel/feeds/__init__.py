"""Local feeds: files of indicators in the formats they come in, read into rows of the table ``indicator``.

=========  ===========================================================================================
format     what
=========  ===========================================================================================
list       one a line: addresses, CIDRs, ranges, domains, URLs, hashes; hosts files; comments
ipsum      address, tab, number of blacklists it is on
csv        comma, semicolon or tab; header in a row or in a comment; several values in a cell
sentinel   rows of Microsoft Sentinel's ThreatIntelligenceIndicator or ThreatIntelIndicators
stix       STIX 2.1 bundle, list of objects, or TAXII envelope: indicators and observables
misp       MISP events (one file, or a folder of a feed) and warning lists
openioc    OpenIOC 1.0 and 1.1
=========  ===========================================================================================

What becomes no indicator is told with its row and the reason.
"""
