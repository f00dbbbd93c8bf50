"""What product teams report, and what of it was refused."""
