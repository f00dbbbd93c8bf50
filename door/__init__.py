"""
The front door: how people sign in, come back when they have forgotten how, and change by what they sign in.

The ways are django-allauth's; the words, the look, the mails and the brake on guessing are ours.
"""
