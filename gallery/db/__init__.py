"""The database: connections, migrations, compiled queries, the content version."""
