"""Django's PostgreSQL backend on top of the development database."""
