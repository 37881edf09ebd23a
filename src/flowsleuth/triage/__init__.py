"""What analysts decide about suspects - ratings, rules, suppressions - and what that teaches."""
