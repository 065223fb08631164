"""Feeds: what happened to a cell or in a lane, as Atom, for readers that cannot sign in."""
