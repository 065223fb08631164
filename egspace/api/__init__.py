"""The doors for programs: the swarm, where it stands, what is near."""
