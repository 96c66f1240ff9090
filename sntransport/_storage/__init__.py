"""Ground: files whole or not at all, tables, the one read error, schemas of configurations, shards, workers."""
