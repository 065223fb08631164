"""The repository as it stood at any commit: its swarm, its evidence, its map."""
