"""Evidence: proves that nothing recorded was altered, removed, re-ordered or inserted; bytes in, hashes out.

Runs alone on the standard library and ``cryptography``: a stranger needs this folder, the files and a public key.
"""
