"""Pages about what is owed, and what a customer has committed to."""
