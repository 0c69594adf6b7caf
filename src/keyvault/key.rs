//! The public part of a JSON Web Key (RFC 7518, section 6), as Key Vault gives it.

use azure_security_keyvault_keys::models::{CurveName, JsonWebKey, KeyType};

use crate::domain::fetched::{Curve, PublicKey};

use super::defect::Defect;

/// The largest modulus of Key Vault is 4096 bits; four times that is still read.
const LONGEST_MODULUS: usize = 2048;

/// Takes the public members; the private ones, which a vault never gives, are not looked at.
pub(super) fn public(jwk: JsonWebKey) -> Result<PublicKey, Defect> {
    match jwk.kty.ok_or(Defect::Missing("key type"))? {
        KeyType::Rsa | KeyType::RsaHsm => Ok(PublicKey::Rsa {
            n: integer(jwk.n, "modulus", LONGEST_MODULUS)?,
            e: integer(jwk.e, "exponent", 8)?,
        }),
        KeyType::Ec | KeyType::EcHsm => {
            let curve = curve(&jwk.crv.ok_or(Defect::Missing("curve"))?)?;
            Ok(PublicKey::Ec {
                curve,
                x: coordinate(jwk.x, "x coordinate", curve)?,
                y: coordinate(jwk.y, "y coordinate", curve)?,
            })
        }
        KeyType::Oct => Err(Defect::NoPublicPart("oct")),
        KeyType::OctHsm => Err(Defect::NoPublicPart("oct-HSM")),
        KeyType::UnknownValue(_) => Err(Defect::UnknownKey),
    }
}

fn curve(name: &CurveName) -> Result<Curve, Defect> {
    match name {
        CurveName::P256 => Ok(Curve::P256),
        CurveName::P384 => Ok(Curve::P384),
        CurveName::P521 => Ok(Curve::P521),
        CurveName::P256K => Ok(Curve::Secp256k1),
        // The name of P-256K before API version 7.0.
        CurveName::UnknownValue(old) if old == "SECP256K1" => Ok(Curve::Secp256k1),
        CurveName::UnknownValue(_) => Err(Defect::UnknownKey),
    }
}

/// A positive number without leading zeros.
fn integer(bytes: Option<Vec<u8>>, what: &'static str, longest: usize) -> Result<Vec<u8>, Defect> {
    let bytes = bytes.ok_or(Defect::Missing(what))?;
    let number = without_leading_zeros(&bytes);
    if number.is_empty() || number.len() > longest {
        return Err(Defect::BadNumber(what));
    }
    Ok(number.to_vec())
}

/// A number padded to the curve's size, which the encoding of a point needs.
fn coordinate(bytes: Option<Vec<u8>>, what: &'static str, curve: Curve) -> Result<Vec<u8>, Defect> {
    let bytes = bytes.ok_or(Defect::Missing(what))?;
    let number = without_leading_zeros(&bytes);
    let size = curve.coordinate_len();
    let padding = size.checked_sub(number.len()).ok_or(Defect::BadNumber(what))?;
    let mut padded = vec![0; padding];
    padded.extend_from_slice(number);
    Ok(padded)
}

fn without_leading_zeros(bytes: &[u8]) -> &[u8] {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    &bytes[zeros..]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rsa(n: &[u8], e: &[u8]) -> JsonWebKey {
        let (n, e) = (Some(n.to_vec()), Some(e.to_vec()));
        JsonWebKey {
            kty: Some(KeyType::RsaHsm),
            n,
            e,
            ..JsonWebKey::default()
        }
    }

    fn ec(curve: CurveName, x: &[u8], y: &[u8]) -> JsonWebKey {
        let (x, y) = (Some(x.to_vec()), Some(y.to_vec()));
        JsonWebKey {
            kty: Some(KeyType::EcHsm),
            crv: Some(curve),
            x,
            y,
            ..JsonWebKey::default()
        }
    }

    #[test]
    fn numbers_lose_leading_zeros() {
        let expected = PublicKey::Rsa {
            n: vec![0xc0, 1],
            e: vec![1, 0, 1],
        };
        assert_eq!(public(rsa(&[0, 0xc0, 1], &[1, 0, 1])), Ok(expected));
    }

    #[test]
    fn coordinates_are_padded_to_the_size_of_every_curve() {
        let curves = [
            (CurveName::P256, Curve::P256),
            (CurveName::P384, Curve::P384),
            (CurveName::P521, Curve::P521),
            (CurveName::P256K, Curve::Secp256k1),
            (CurveName::UnknownValue("SECP256K1".to_owned()), Curve::Secp256k1),
        ];
        for (name, curve) in curves {
            let long = [&[0][..], &vec![7; curve.coordinate_len()]].concat();
            let Ok(PublicKey::Ec { curve: found, x, y }) = public(ec(name, &[9], &long)) else {
                panic!("{curve:?} is a curve");
            };
            assert_eq!(found, curve);
            assert_eq!((x.len(), x.last()), (curve.coordinate_len(), Some(&9)));
            assert_eq!(y, vec![7; curve.coordinate_len()]);
        }
    }

    #[test]
    fn numbers_of_impossible_size_are_refused() {
        assert_eq!(public(rsa(&[], &[1])), Err(Defect::BadNumber("modulus")));
        assert_eq!(public(rsa(&[1], &[0, 0])), Err(Defect::BadNumber("exponent")));
        assert_eq!(public(rsa(&[1; 5000], &[3])), Err(Defect::BadNumber("modulus")));
        assert_eq!(
            public(ec(CurveName::P256, &[1; 33], &[1])),
            Err(Defect::BadNumber("x coordinate"))
        );
    }

    #[test]
    fn keys_without_a_public_part_are_refused_by_name() {
        let mut jwk = JsonWebKey::default();
        assert_eq!(public(jwk.clone()), Err(Defect::Missing("key type")));
        jwk.kty = Some(KeyType::OctHsm);
        assert_eq!(public(jwk.clone()), Err(Defect::NoPublicPart("oct-HSM")));
        jwk.kty = Some(KeyType::UnknownValue("OKP".to_owned()));
        assert_eq!(public(jwk.clone()), Err(Defect::UnknownKey));
        jwk.kty = Some(KeyType::Rsa);
        assert_eq!(public(jwk), Err(Defect::Missing("modulus")));
    }
}
