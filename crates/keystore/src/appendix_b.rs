//! The key derivation of PKCS#12 (RFC 7292, appendix B.2), for reading and for writing.
//!
//! Ours, because it has to take the password of no bytes at all that Azure Key Vault uses, and the only other crate that does
//! brings a second X.509 library. The tests compare the two.

use std::slice;

use sha1::Sha1;
use sha2::digest::core_api::BlockSizeUser;
use sha2::digest::generic_array::GenericArray;
use sha2::digest::generic_array::typenum::U64;
use sha2::digest::{Digest, Output};
use sha2::{Sha224, Sha256, Sha384, Sha512};
use zeroize::{Zeroize, Zeroizing};

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
pub(crate) fn derive<D: Rehash>(
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
        D::rehash(&mut hash, iterations.saturating_sub(1));
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

/// A hash function that is run over its own output many times, which nearly all of the time of a derivation goes into.
pub(crate) trait Rehash: Digest + BlockSizeUser {
    /// The hash of the hash, `rounds` times over.
    fn rehash(hash: &mut Output<Self>, rounds: u32) {
        for _ in 0..rounds {
            *hash = Self::digest(&*hash);
        }
    }
}

/// Stores protected by these are rare.
impl Rehash for Sha224 {}
impl Rehash for Sha384 {}
impl Rehash for Sha512 {}

impl Rehash for Sha1 {
    fn rehash(hash: &mut Output<Self>, rounds: u32) {
        // FIPS 180-4, section 5.3.1.
        const START: [u32; 5] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];
        rehash_in_place(hash, rounds, START, sha1::compress);
    }
}

impl Rehash for Sha256 {
    fn rehash(hash: &mut Output<Self>, rounds: u32) {
        // FIPS 180-4, section 5.3.3.
        const START: [u32; 8] = [
            0x6a09_e667,
            0xbb67_ae85,
            0x3c6e_f372,
            0xa54f_f53a,
            0x510e_527f,
            0x9b05_688c,
            0x1f83_d9ab,
            0x5be0_cd19,
        ];
        rehash_in_place(hash, rounds, START, sha2::compress256);
    }
}

type Block = GenericArray<u8, U64>;

/// A hash and its padding fill one block, and the padding is always the same: the next hash is written over the one before, and
/// nothing is copied.
fn rehash_in_place<const WORDS: usize>(
    hash: &mut [u8],
    rounds: u32,
    start: [u32; WORDS],
    compress: fn(&mut [u32; WORDS], &[Block]),
) {
    let bits = 32 * u64::try_from(WORDS).expect("eight at most");
    let mut block = Block::default();
    block[..hash.len()].copy_from_slice(hash);
    block[hash.len()] = 0x80;
    block[56..].copy_from_slice(&bits.to_be_bytes());
    for _ in 0..rounds {
        let mut state = start;
        compress(&mut state, slice::from_ref(&block));
        for (bytes, word) in block.chunks_exact_mut(4).zip(state) {
            bytes.copy_from_slice(&word.to_be_bytes());
        }
    }
    hash.copy_from_slice(&block[..hash.len()]);
    block.as_mut_slice().zeroize();
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
    use super::*;
    use pkcs12::kdf::{Pkcs12KeyType, derive_key};
    use proptest::prelude::*;

    #[test]
    fn a_hash_of_a_hash_is_that_of_its_bytes_whichever_way_it_is_made() {
        fn assert_same<D: Rehash>() {
            let mut hash = D::digest(b"text");
            let expected = (0..7).fold(hash.clone(), |hash, _| D::digest(&hash));
            D::rehash(&mut hash, 7);
            assert_eq!(hash, expected);
            D::rehash(&mut hash, 0);
            assert_eq!(hash, expected);
        }
        assert_same::<Sha1>();
        assert_same::<Sha224>();
        assert_same::<Sha256>();
        assert_same::<Sha384>();
        assert_same::<Sha512>();
    }

    fn theirs(purpose: Purpose) -> Pkcs12KeyType {
        match purpose {
            Purpose::Key => Pkcs12KeyType::EncryptionKey,
            Purpose::Iv => Pkcs12KeyType::Iv,
            Purpose::Mac => Pkcs12KeyType::Mac,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn it_derives_what_another_library_does(
            password in prop::collection::vec(any::<u8>(), 0..150),
            salt in prop::collection::vec(any::<u8>(), 0..150),
            iterations in 1_u32..5,
            len in 1_usize..200,
        ) {
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
