//! Which of the certificates is the leaf: the one of the private key, else the one that issued none of the others.

use super::CertificateError;
use super::x509::Certificate;
use crate::key::{Match, PrivateKey};

/// Takes the distinct certificates and the private keys of a value; gives the position of the leaf and of its key.
pub(super) fn choose(
    certificates: &[Certificate],
    local_key_ids: &[Option<Vec<u8>>],
    keys: &[PrivateKey],
) -> Result<(usize, Option<usize>), CertificateError> {
    if keys.is_empty() {
        return without_key(certificates).map(|leaf| (leaf, None));
    }
    let pair = of_key(certificates, keys).or_else(|| of_unverifiable_key(certificates, local_key_ids, keys));
    let (leaf, key) = pair.ok_or(CertificateError::KeyWithoutCertificate {
        keys: keys.len(),
        certificates: certificates.len(),
    })?;
    Ok((leaf, Some(key)))
}

/// The first key that a certificate has, and of its certificates, end-entity ones before authorities.
fn of_key(certificates: &[Certificate], keys: &[PrivateKey]) -> Option<(usize, usize)> {
    keys.iter().enumerate().find_map(|(key_index, key)| {
        let matching = positions(certificates, |certificate| {
            key.matches(certificate.public()) == Match::Yes
        });
        let leaf = matching.into_iter().min_by(|&one, &other| {
            let (one, other) = (&certificates[one], &certificates[other]);
            one.is_authority()
                .cmp(&other.is_authority())
                .then_with(|| one.preference(other))
        });
        leaf.map(|leaf| (leaf, key_index))
    })
}

/// For keys whose public half cannot be computed here: the certificate with the key's mark, else the only candidate.
fn of_unverifiable_key(
    certificates: &[Certificate],
    local_key_ids: &[Option<Vec<u8>>],
    keys: &[PrivateKey],
) -> Option<(usize, usize)> {
    keys.iter().enumerate().find_map(|(key_index, key)| {
        let candidates = positions(certificates, |certificate| {
            key.matches(certificate.public()) == Match::Unknown
        });
        let marked = candidates
            .iter()
            .copied()
            .find(|&candidate| key.local_key_id.is_some() && local_key_ids[candidate] == key.local_key_id);
        marked
            .or_else(|| only_end(certificates, &candidates))
            .map(|leaf| (leaf, key_index))
    })
}

fn without_key(certificates: &[Certificate]) -> Result<usize, CertificateError> {
    let all: Vec<_> = (0..certificates.len()).collect();
    only_end(certificates, &all).ok_or(CertificateError::LeafUnclear {
        certificates: certificates.len(),
    })
}

/// The one of `candidates` that issued no other certificate; if several did not, the one that is no authority.
fn only_end(certificates: &[Certificate], candidates: &[usize]) -> Option<usize> {
    let ends: Vec<_> = candidates
        .iter()
        .copied()
        .filter(|&candidate| {
            !certificates.iter().enumerate().any(|(other, certificate)| {
                other != candidate && certificate.is_issued_by(&certificates[candidate])
            })
        })
        .collect();
    let no_authorities = ends
        .iter()
        .copied()
        .filter(|&end| !certificates[end].is_authority());
    only(ends.iter().copied()).or_else(|| only(no_authorities))
}

/// The element of an iterator that has just one.
fn only(mut all: impl Iterator<Item = usize>) -> Option<usize> {
    let first = all.next()?;
    all.next().is_none().then_some(first)
}

fn positions(certificates: &[Certificate], wanted: impl Fn(&Certificate) -> bool) -> Vec<usize> {
    (0..certificates.len())
        .filter(|&index| wanted(&certificates[index]))
        .collect()
}
