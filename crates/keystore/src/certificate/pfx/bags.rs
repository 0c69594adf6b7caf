//! The bags of a PFX (RFC 7292, sections 4.1 and 4.2): certificates and private keys; the other sorts are passed over.

use der::asn1::{AnyRef, ContextSpecific, ObjectIdentifier, OctetStringRef};
use der::{Decode, Reader, SliceReader, Tag, TagNumber, Tagged};
use pkcs8::AlgorithmIdentifierRef;
use zeroize::Zeroizing;

use super::ber;
use super::error::{PfxError, name_of};
use super::kdf::{EmptyPassword, Work};
use super::pbe;
use crate::certificate::contents::{Contents, FoundCertificate};
use crate::key::{FoundKey, KeySyntax};

/// How deep safe contents may hold safe contents; nobody is known to nest them at all.
const MAX_NESTING: usize = 4;

const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
const ENCRYPTED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.6");
const KEY_BAG: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.1");
const SHROUDED_KEY_BAG: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.2");
const CERT_BAG: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.3");
const SAFE_CONTENTS_BAG: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.6");
const X509_CERTIFICATE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.22.1");
const LOCAL_KEY_ID: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.21");

/// `ContentInfo` of RFC 5652, section 3.
#[derive(Debug, Clone, Copy)]
pub(super) struct ContentInfo<'a> {
    /// Which sort of content.
    pub(super) content_type: ObjectIdentifier,
    content: AnyRef<'a>,
}

impl<'a> ContentInfo<'a> {
    /// Takes the `ContentInfo` sequence.
    pub(super) fn parse(sequence: AnyRef<'a>) -> der::Result<Self> {
        sequence.sequence(|fields| {
            Ok(Self {
                content_type: ObjectIdentifier::decode(fields)?,
                content: explicit_0(fields)?,
            })
        })
    }

    /// The octets of content of type `data`; `part` says whose they are.
    pub(super) fn data(&self, part: &'static str) -> Result<&'a [u8], PfxError> {
        if self.content_type != DATA {
            return Err(PfxError::Unsupported {
                part,
                found: name_of(self.content_type),
                supported: "protection by a password",
            });
        }
        let octets = self.content.decode_as::<OctetStringRef<'a>>();
        octets
            .map(|octets| octets.as_bytes())
            .map_err(|_| PfxError::Malformed { part })
    }
}

/// Collects bags; holds what is the same for all of them.
pub(super) struct BagReader<'w> {
    /// The form of the empty password that is tried.
    pub(super) password: EmptyPassword,
    /// What decryption may still cost.
    pub(super) work: &'w mut Work,
    /// What was found.
    pub(super) contents: Contents,
}

impl BagReader<'_> {
    /// Takes the octets of an `AuthenticatedSafe`.
    pub(super) fn authenticated_safe(&mut self, octets: &[u8]) -> Result<(), PfxError> {
        const PART: &str = "its authenticated safe";
        let der = ber::to_der(octets)?;
        for info in Vec::<AnyRef<'_>>::from_der(&der).map_err(|_| PfxError::Malformed { part: PART })? {
            let info = ContentInfo::parse(info).map_err(|_| PfxError::Malformed { part: PART })?;
            if info.content_type == ENCRYPTED_DATA {
                let safe = self.encrypted_data(info.content)?;
                self.safe_contents(&safe, 0)?;
            } else {
                self.safe_contents(info.data(PART)?, 0)?;
            }
        }
        Ok(())
    }

    /// `EncryptedData` of RFC 5652, section 8, decrypted.
    fn encrypted_data(&mut self, content: AnyRef<'_>) -> Result<Zeroizing<Vec<u8>>, PfxError> {
        const PART: &str = "encrypted safe contents";
        let fields = content.sequence(|fields| {
            let _version = AnyRef::decode(fields)?;
            fields.sequence(|info| {
                let _content_type = ObjectIdentifier::decode(info)?;
                Ok((AlgorithmIdentifierRef::decode(info)?, AnyRef::decode(info)?))
            })
        });
        let (algorithm, encrypted) = fields.map_err(|_| PfxError::Malformed { part: PART })?;
        // `[0] IMPLICIT OCTET STRING`: constructed when BER wrote it in pieces.
        let octets = match encrypted.tag() {
            Tag::ContextSpecific {
                constructed: false,
                number: TagNumber::N0,
            } => Zeroizing::new(encrypted.value().to_vec()),
            Tag::ContextSpecific {
                constructed: true,
                number: TagNumber::N0,
            } => ber::join_octet_strings(encrypted.value())?,
            _ => return Err(PfxError::Malformed { part: PART }),
        };
        pbe::decrypt(algorithm, &octets, PART, self.password, self.work)
    }

    fn safe_contents(&mut self, octets: &[u8], nesting: usize) -> Result<(), PfxError> {
        const PART: &str = "its safe contents";
        if nesting > MAX_NESTING {
            return Err(PfxError::TooDeep { limit: MAX_NESTING });
        }
        let der = ber::to_der(octets)?;
        for bag in Vec::<AnyRef<'_>>::from_der(&der).map_err(|_| PfxError::Malformed { part: PART })? {
            let bag = Bag::parse(bag).map_err(|_| PfxError::Malformed { part: PART })?;
            self.bag(&bag, nesting)?;
        }
        Ok(())
    }

    fn bag(&mut self, bag: &Bag<'_>, nesting: usize) -> Result<(), PfxError> {
        match bag.id {
            KEY_BAG => self.key(bag, bag.encoded()?),
            SHROUDED_KEY_BAG => {
                let key = self.shrouded_key(bag.value)?;
                self.key(bag, ber::to_der(&key)?);
            }
            CERT_BAG => {
                if let Some(der) = certificate(bag.value)? {
                    self.contents.certificates.push(FoundCertificate {
                        der,
                        local_key_id: bag.local_key_id(),
                    });
                }
            }
            SAFE_CONTENTS_BAG => self.safe_contents(&bag.encoded()?, nesting + 1)?,
            // Revocation lists, secrets and what others made up: nothing that is published.
            _ => {}
        }
        Ok(())
    }

    fn key(&mut self, bag: &Bag<'_>, der: Zeroizing<Vec<u8>>) {
        self.contents.keys.push(FoundKey {
            der,
            syntax: KeySyntax::Pkcs8,
            local_key_id: bag.local_key_id(),
        });
    }

    /// `EncryptedPrivateKeyInfo` of RFC 5208, section 6, decrypted.
    fn shrouded_key(&mut self, value: AnyRef<'_>) -> Result<Zeroizing<Vec<u8>>, PfxError> {
        const PART: &str = "the encrypted private key";
        let fields = value.sequence(|fields| {
            Ok((
                AlgorithmIdentifierRef::decode(fields)?,
                OctetStringRef::decode(fields)?.as_bytes(),
            ))
        });
        let (algorithm, encrypted) = fields.map_err(|_| PfxError::Malformed { part: PART })?;
        pbe::decrypt(algorithm, encrypted, PART, self.password, self.work)
    }
}

/// `SafeBag` of RFC 7292, section 4.2.
struct Bag<'a> {
    id: ObjectIdentifier,
    value: AnyRef<'a>,
    attributes: Option<AnyRef<'a>>,
}

impl<'a> Bag<'a> {
    fn parse(sequence: AnyRef<'a>) -> der::Result<Self> {
        sequence.sequence(|fields| {
            let id = ObjectIdentifier::decode(fields)?;
            let value = explicit_0(fields)?;
            let attributes = if fields.is_finished() {
                None
            } else {
                Some(AnyRef::decode(fields)?)
            };
            Ok(Self {
                id,
                value,
                attributes,
            })
        })
    }

    /// The value with its tag and length.
    fn encoded(&self) -> Result<Zeroizing<Vec<u8>>, PfxError> {
        let encoded = der::Encode::to_der(&self.value);
        encoded
            .map(Zeroizing::new)
            .map_err(|_| PfxError::Malformed { part: "a bag" })
    }

    /// The attribute that ties a key to its certificate. Damaged attributes are as good as none.
    fn local_key_id(&self) -> Option<Vec<u8>> {
        let mut attributes = SliceReader::new(self.attributes?.value()).ok()?;
        while !attributes.is_finished() {
            let attribute = attributes.sequence(|fields| {
                let id = ObjectIdentifier::decode(fields)?;
                Ok((id, AnyRef::decode(fields)?))
            });
            let (id, values) = attribute.ok()?;
            if id == LOCAL_KEY_ID {
                return Some(OctetStringRef::from_der(values.value()).ok()?.as_bytes().to_vec());
            }
        }
        None
    }
}

/// The X.509 certificate of a `CertBag`; `None` for the SDSI certificates that the standard also allows.
fn certificate(value: AnyRef<'_>) -> Result<Option<Vec<u8>>, PfxError> {
    let fields = value.sequence(|fields| Ok((ObjectIdentifier::decode(fields)?, explicit_0(fields)?)));
    let certificate = match fields {
        Ok((X509_CERTIFICATE, certificate)) => certificate.decode_as::<OctetStringRef<'_>>(),
        Ok(_) => return Ok(None),
        Err(error) => Err(error),
    };
    let der = certificate.map_err(|_| PfxError::Malformed {
        part: "a certificate bag",
    })?;
    Ok(Some(der.as_bytes().to_vec()))
}

/// `[0] EXPLICIT ANY`.
fn explicit_0<'a, R: Reader<'a>>(fields: &mut R) -> der::Result<AnyRef<'a>> {
    let wrapped = ContextSpecific::<AnyRef<'a>>::decode_explicit(fields, TagNumber::N0)?;
    wrapped
        .map(|wrapped| wrapped.value)
        .ok_or_else(|| Tag::Sequence.value_error())
}
