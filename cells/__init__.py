"""The record and the loop: what the repository says, what waits, who decided, what landed."""
