"""Text → observables: pure functions on strings and columns, which open no file they are given and ask no network."""
