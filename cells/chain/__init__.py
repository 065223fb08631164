"""The audit chain: events are linked after they were written, and anybody can check that none was changed since.

`links` one link · `exports` their lines · `whole` the chain · `landings` and `proof` whether git agrees (all without the
database) · `seal` the rows
"""
