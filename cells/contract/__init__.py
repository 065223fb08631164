"""u_contract, the contract of understanding: a deterministic policy that turns a case into a verdict."""
