"""Where events are kept: the writer that appends them, the readers, and the tables in PostgreSQL."""
