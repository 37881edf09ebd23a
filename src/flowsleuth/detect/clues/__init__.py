"""What one finder looks at, and how it is said: the steps between the day and its findings."""
