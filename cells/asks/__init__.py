"""/ask: one question to a model in a mode, with a context built from evidence, answered by JSON of a known schema."""
