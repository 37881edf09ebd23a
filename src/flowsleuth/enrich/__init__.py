"""An observable → facts: from tables of the package and files of the user, and from others when the user says so."""
