"""The pretend login host: who gets a token."""
