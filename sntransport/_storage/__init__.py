"""Ground, private: files whole or not at all, tables, the one read error, TOML sections, shards, workers."""
