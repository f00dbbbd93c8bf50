"""
Costs in FOCUS, the FinOps Open Cost and Usage Specification (1.2): what was invoiced and credited in a month, a row for each charge.

`columns` declares what the specification asks of each column, `charges` makes the rows, `files` writes them. See docs/focus.md.
"""
