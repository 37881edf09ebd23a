"""NetFlow v5, NetFlow v9 and IPFIX datagrams, as they lie in a packet capture.

:mod:`.messages` takes datagrams apart by their templates, :mod:`.elements` knows what a field is, :mod:`.rows` makes
canonical columns. PyPI's ``netflow`` was looked at first: it was last released in 2023, fails a whole datagram for one
unknown template, and goes record by record.
"""
