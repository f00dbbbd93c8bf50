"""What is owed: issue it, bill usage, correct it, run the month end."""
