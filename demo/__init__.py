"""
The demo: customers of both modes with months of history, made by calling the services with past instants.

An app of its own on top of the portal, installed with DEMO=1 alone; nothing of the portal imports it.

logins        who may sign in, with passwords everybody knows
context       the sign-in page lists them
catalogue     products, prices, coupons
people        customers, their users, staff
timeline      what happens when: scenes in order of time, and the jobs of every day between them
verbs, money  what customers, product teams and staff do in a scene
prepaid,
postpaid      the stories
shops         the demo shops' keys and addresses, renewed at every start
"""
