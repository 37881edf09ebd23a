"""Where results appear: the terminal for now."""
