//! The key derivation of PKCS#12 (RFC 7292, appendix B.2), for reading and for writing.
//!
//! Ours, because it has to take the password of no bytes at all that Azure Key Vault uses, and the only other crate that does
//! brings a second X.509 library. The tests compare the two.

use sha2::digest::Digest;
use sha2::digest::core_api::BlockSizeUser;
use zeroize::Zeroizing;

/// What a derived key is for (appendix B.3).
#[derive(Debug, Clone, Copy)]
#[repr(u8)]
pub(crate) enum Purpose {
    /// Encryption key.
    Key = 1,
    /// Initialisation vector.
    Iv = 2,
    /// MAC key.
    Mac = 3,
}

/// Derives `len` bytes from a password that is encoded already, terminator and all.
///
/// `iterations` counts the first hash too; zero is taken for one.
pub(crate) fn derive<D: Digest + BlockSizeUser>(
    password: &[u8],
    salt: &[u8],
    purpose: Purpose,
    iterations: u32,
    len: usize,
) -> Zeroizing<Vec<u8>> {
    let block = D::block_size();
    // Steps 1 to 4: the diversifier, then salt and password, each repeated to whole blocks.
    let diversifier = vec![purpose as u8; block];
    let filled = |text: &[u8]| text.len().div_ceil(block) * block;
    let mut input = Zeroizing::new(Vec::with_capacity(filled(salt) + filled(password)));
    input.extend(salt.iter().cycle().take(filled(salt)));
    input.extend(password.iter().cycle().take(filled(password)));

    let mut derived = Zeroizing::new(Vec::with_capacity(len + <D as Digest>::output_size()));
    loop {
        // Step 6A.
        let mut hash = D::new()
            .chain_update(&diversifier)
            .chain_update(input.as_slice())
            .finalize();
        for _ in 1..iterations {
            hash = D::digest(&hash);
        }
        derived.extend_from_slice(&hash);
        if derived.len() >= len {
            derived.truncate(len);
            return derived;
        }
        // Steps 6B and 6C.
        for chunk in input.chunks_exact_mut(block) {
            add_and_one(chunk, &hash);
        }
    }
}

/// `number + repeated + 1`, big-endian, modulo its size; `repeated` is filled up to that size by repetition.
fn add_and_one(number: &mut [u8], repeated: &[u8]) {
    let mut carry = 1;
    for (at, byte) in number.iter_mut().enumerate().rev() {
        let sum = u16::from(*byte) + u16::from(repeated[at % repeated.len()]) + carry;
        let [high, low] = sum.to_be_bytes();
        *byte = low;
        carry = u16::from(high);
    }
}

#[cfg(test)]
mod tests {
    use pkcs12::kdf::{Pkcs12KeyType, derive_key};
    use proptest::prelude::*;
    use sha1::Sha1;
    use sha2::{Sha256, Sha384, Sha512};

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn it_derives_what_another_library_does(
            password in prop::collection::vec(any::<u8>(), 0..150),
            salt in prop::collection::vec(any::<u8>(), 0..150),
            iterations in 1_u32..5,
            len in 1_usize..200,
        ) {
            let theirs = |purpose| match purpose {
                Purpose::Key => Pkcs12KeyType::EncryptionKey,
                Purpose::Iv => Pkcs12KeyType::Iv,
                Purpose::Mac => Pkcs12KeyType::Mac,
            };
            let rounds = i32::try_from(iterations).expect("few");
            for purpose in [Purpose::Key, Purpose::Iv, Purpose::Mac] {
                macro_rules! assert_same {
                    ($($D:ty),*) => {$(
                        let ours = derive::<$D>(&password, &salt, purpose, iterations, len);
                        prop_assert_eq!(ours.as_slice(), derive_key::<$D>(&password, &salt, theirs(purpose), rounds, len));
                    )*};
                }
                assert_same!(Sha1, Sha256, Sha384, Sha512);
            }
        }
    }
}
