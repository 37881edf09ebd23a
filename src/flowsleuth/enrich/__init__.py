"""An observable → facts. So far an address → its network's name, place and owner, from files of the user's own."""
