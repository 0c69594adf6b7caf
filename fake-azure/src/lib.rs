//! Key Vault, Entra and the identity endpoints in one process.
