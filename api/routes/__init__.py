"""The questions: one module per projection, and one for events, evidence and operation each; reading only."""
