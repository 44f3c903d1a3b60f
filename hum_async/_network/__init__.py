"""How connections are made and kept: proxies, certificates, and which connections may be reused."""
