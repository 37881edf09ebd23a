"""Numbers behind the detectors: arrays in, arrays out, no table, no engine, no file.

Everything here runs on numpy alone; numba, where installed, only makes it faster.
"""
