"""The demo swarm: a believable small company, written as a real git repository."""

from cells.demo.write import write_demo

__all__ = ["write_demo"]
