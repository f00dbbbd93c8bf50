"""
The sandbox: a payment gateway and three product teams to try the portal against, offline.

A process of its own that never imports the application: what it knows of the portal is what any gateway or product
team knows. So it has its own signing code and its own books, and can be believed when it disagrees.

`sandbox.app:create()` gives the WSGI application; `python -m sandbox` serves it.
"""
