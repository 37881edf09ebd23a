"""What analysts decide about suspects, and what that teaches."""
