//! Forms of keys: private keys in PKCS#8, PKCS#1 and SEC 1, plain or encrypted, and public keys as PEM, DER, JSON Web Key
//! and a line of OpenSSH.

mod encrypted;
mod found;
mod older_forms;
mod private_key;
mod public;
mod public_half;

pub use self::encrypted::encrypted;
pub(crate) use self::found::{FoundKey, KeySyntax};
pub use self::older_forms::{OtherAlgorithm, pkcs1, sec1};
pub(crate) use self::private_key::{Match, PrivateKey, has_explicit_curve};
pub use self::public::{Curve, MalformedPublicKey, PublicKey};
pub(crate) use self::public_half::{PublicHalf, RSA_PSS, is_explicit_curve};
