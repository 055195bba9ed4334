"""Evidence bundles: one answer with all it rests on, for who may see it, and answered again from itself."""
