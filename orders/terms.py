"""
Which terms are accepted by ordering: the day of their present wording, kept with every order.

The words themselves are `templates/orders/terms.html`; whoever changes them changes the day.
"""

VERSION = "2026-11-27"
