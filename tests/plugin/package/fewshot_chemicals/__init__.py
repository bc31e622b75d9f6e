"""A third-party package: one plugin of each kind."""
