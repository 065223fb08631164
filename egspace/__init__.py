"""A reading of the record: the graph, its layout and figures. Never writes to it."""
