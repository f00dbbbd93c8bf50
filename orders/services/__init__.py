"""What a customer asks for, told from beginning to end: quote, pay, provision, bill, record, tell."""
