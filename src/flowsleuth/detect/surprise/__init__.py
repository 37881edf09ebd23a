"""What makes a flow surprising to ``suspicious``: behaviour, habits, history, sizes, and the reasons it gives."""
