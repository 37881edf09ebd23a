"""The services: one small declared table each, and the function that reads its answers.

Where a service gives a number, the borders of ``warning`` and ``high`` are named constants beside its table.
"""
