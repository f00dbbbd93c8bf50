"""
A bank where the merchant has an account: customers transfer to it, and it tells of every line that came in.

It tells at once by webhook, and in the evening by statement, as CSV and as MT940. What a customer wrote is disfigured on the way
as banks do it: in capitals, without accents, cut, and with the bank's own text around it.
"""
