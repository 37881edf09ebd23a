"""Chains on pandas frames: ``frame.fs.run(pivot, column=…).fs.filter("443").fs.sort("bytes_out:desc")``.

Nothing is registered by importing flowsleuth or this module; :func:`enable` does it.
"""

from flowsleuth.faces.frames.accessor import Chain, enable

__all__ = ["Chain", "enable"]
