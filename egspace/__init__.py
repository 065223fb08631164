"""A reading of the record: where every cell is among meanings, where it wants to be, and how that is shown.

embedding and projection turn texts into vectors and vectors into places; reckoning says where each subject stands and
stood; past shows any commit; drawing makes pictures and telling words of it. Never writes to the record.
"""
