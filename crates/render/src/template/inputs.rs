//! The objects of a template as values of the engine, and the three functions that give them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use minijinja::value::{Kwargs, Object, ObjectRepr};
use minijinja::{Environment, Error, Value};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;

use super::fault::Fault;
use super::vocabulary;
use crate::{Passwords, render_object};
use domain::desired::{CertificateContent, Content, FileSpec, KeyForm, KeyFormat, Reference};
use domain::fetched::{FetchedContent, FetchedObject};
use domain::mode::FileMode;
use domain::notice::Notice;
use domain::object::{ObjectKind, ObjectName, VaultName};
use domain::path::RelativePath;
use domain::secret::SecretBytes;
use domain::validity::Validity;

/// What the certificates say whose parts were used.
#[derive(Debug, Default)]
pub(super) struct Remarks {
    /// Each once: two parts have the same chain.
    pub(super) notices: Vec<Notice>,
    pub(super) validity: Validity,
}

/// What was remarked until now.
pub(super) fn take(remarks: &Mutex<Remarks>) -> Remarks {
    std::mem::take(&mut *remarks.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Adds `secret`, `certificate` and `key`, which know these objects and no others, and remark on what is used of them.
pub(super) fn add(
    env: &mut Environment<'_>,
    references: &BTreeSet<Reference>,
    objects: &BTreeMap<Reference, &FetchedObject>,
    remarks: &Arc<Mutex<Remarks>>,
) {
    for (function, kind) in vocabulary::SOURCES {
        let of_kind = references.iter().filter(|reference| reference.kind == kind);
        let values: BTreeMap<Reference, Result<Value, Fault>> = of_kind
            .map(|reference| (reference.clone(), value(reference, objects, remarks)))
            .collect();
        env.add_function(function, move |name: &str, options: Kwargs| {
            call(kind, &values, name, &options)
        });
    }
}

/// What stands for an object in a template.
fn value(
    reference: &Reference,
    objects: &BTreeMap<Reference, &FetchedObject>,
    remarks: &Arc<Mutex<Remarks>>,
) -> Result<Value, Fault> {
    let object = *objects
        .get(reference)
        .ok_or_else(|| Fault::Missing(reference.clone()))?;
    match (reference.kind, &object.content) {
        (ObjectKind::Secret, FetchedContent::Secret(secret)) => {
            let text = std::str::from_utf8(secret.value.expose());
            text.map(Value::from)
                .map_err(|_| Fault::NotText(reference.clone()))
        }
        (ObjectKind::Secret, FetchedContent::Key(_)) => Err(Fault::Missing(reference.clone())),
        (kind, _) => Ok(Value::from_object(Parts {
            kind,
            reference: reference.clone(),
            object: object.clone(),
            made: Mutex::default(),
            remarks: Arc::clone(remarks),
        })),
    }
}

fn call(
    kind: ObjectKind,
    values: &BTreeMap<Reference, Result<Value, Fault>>,
    name: &str,
    options: &Kwargs,
) -> Result<Value, Error> {
    let vault: Option<&str> = options.get("vault")?;
    options.assert_all_used()?;
    let invalid = |_| Fault::Undefined.into_engine();
    let reference = Reference {
        kind,
        vault: vault.map(VaultName::parse).transpose().map_err(invalid)?,
        name: ObjectName::parse(name).map_err(invalid)?,
    };
    let found = values
        .get(&reference)
        .cloned()
        .unwrap_or_else(|| Err(Fault::Missing(reference)));
    found.map_err(Fault::into_engine)
}

/// A certificate or a key, whose parts are made when they are used: a key that is not exportable stands in the way of
/// nothing but `privateKey`.
struct Parts {
    kind: ObjectKind,
    reference: Reference,
    object: FetchedObject,
    /// By name: reading a PFX takes time.
    made: Mutex<BTreeMap<&'static str, Result<Value, Fault>>>,
    remarks: Arc<Mutex<Remarks>>,
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Parts({})", self.reference)
    }
}

impl Object for Parts {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, name: &Value) -> Option<Value> {
        let mut names = vocabulary::attributes(self.kind).iter();
        let name = names.find(|known| name.as_str() == Some(**known))?;
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let part = made.entry(*name).or_insert_with(|| self.part(name));
        // An error becomes a value that the engine refuses at once.
        Some(part.clone().unwrap_or_else(|fault| fault.into_engine().into()))
    }
}

impl Parts {
    fn part(&self, name: &str) -> Result<Value, Fault> {
        let content = match name {
            "version" => return Ok(self.object.version.as_str().into()),
            "tags" => return Ok(Value::from_pairs(self.object.attributes.tags.iter())),
            "fullChain" => Content::Certificate(CertificateContent::FullChain { root: false }),
            "leaf" => Content::Certificate(CertificateContent::Leaf),
            "chain" => Content::Certificate(CertificateContent::Chain { root: false }),
            "ca" => Content::Certificate(CertificateContent::Ca),
            "privateKey" => Content::Certificate(CertificateContent::PrivateKey {
                form: KeyForm::Pkcs8,
                password: None,
            }),
            "notBefore" | "expires" => return self.time(name),
            "pem" => Content::Key(KeyFormat::Pem),
            "jwk" => Content::Key(KeyFormat::Jwk),
            "ssh" => Content::Key(KeyFormat::Ssh),
            _ => return Err(Fault::Undefined),
        };
        let bytes = self.render(name, content)?;
        let text = std::str::from_utf8(bytes.expose());
        text.map(Value::from)
            .map_err(|_| Fault::NotText(self.reference.clone()))
    }

    /// What the certificate says, not the attributes of its object.
    fn time(&self, name: &str) -> Result<Value, Fault> {
        let der = self.render(name, Content::Certificate(CertificateContent::Der))?;
        let (_, certificate) = X509Certificate::from_der(der.expose()).map_err(|_| Fault::Undefined)?;
        let validity = certificate.validity();
        let time = if name == "expires" {
            validity.not_after
        } else {
            validity.not_before
        };
        let time: OffsetDateTime = time.to_datetime();
        Ok(time.format(&Rfc3339).map_err(|_| Fault::Undefined)?.into())
    }

    fn render(&self, name: &str, content: Content) -> Result<SecretBytes, Fault> {
        let spec = FileSpec {
            // Errors call the file by the name of the part.
            path: RelativePath::parse(name).expect("a name of a part is a path"),
            content,
            mode: FileMode::from_bits(0),
        };
        let mut rendered = render_object(&[spec], &self.object, &Passwords::new())?;
        let (_, bytes) = rendered.files.pop().expect("one file was asked for");
        self.remark(rendered.notices, rendered.validity);
        Ok(bytes)
    }

    fn remark(&self, notices: Vec<Notice>, validity: Validity) {
        let mut remarks = self.remarks.lock().unwrap_or_else(PoisonError::into_inner);
        for notice in notices {
            if !remarks.notices.contains(&notice) {
                remarks.notices.push(notice);
            }
        }
        remarks.validity = remarks.validity.and(validity);
    }
}
