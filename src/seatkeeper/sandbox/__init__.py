"""A pretend Microsoft Entra and Graph tenant: deterministic from one seed, served over HTTPS on loopback."""
