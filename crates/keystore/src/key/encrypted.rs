//! A private key under a password.

use encoding::SecretBytes;

use crate::encryption::encrypt;
use crate::salts::{KEY_SALTS, Salts};
use crate::{StorePassword, Strength};

/// Takes `PrivateKeyInfo` in DER; gives `EncryptedPrivateKeyInfo` (RFC 5208, section 6) in DER, PBES2.
pub fn encrypted(key: &SecretBytes, password: &StorePassword) -> Vec<u8> {
    let salts = Salts::new(key.expose(), "pkcs8", []);
    encrypt(Strength::Modern, password, key.expose(), &salts, KEY_SALTS).key_info()
}
