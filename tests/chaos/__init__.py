"""
Everything breaks while customers pay, and every answer that was given is held to: `make chaos` (`python -m tests.chaos`).

house      the portal's processes and engines as `make run` starts them, durable; what dies is started again
world      customers with keys and open invoices, products with teams
record     each call with what it was told: acknowledged, refused, unknown
load       what customers and a product team do, by REST, drawn from the seed
faults     what breaks, how often
books      what is there: in our database, with the sandbox
verdict    told against there
"""
