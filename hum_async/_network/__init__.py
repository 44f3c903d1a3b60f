"""How connections are made and kept: proxies, certificates, reuse, and those to PostgreSQL."""
