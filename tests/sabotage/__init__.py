"""`make sabotage`: guards are taken away one at a time, and the test that notices is named."""
