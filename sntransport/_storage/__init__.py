"""Ground, private: files whole or not at all, tables, the one read error, what configuration files hold, shards, workers."""
