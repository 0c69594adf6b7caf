//! The policy of a certificate: on the wire and as the fake uses it.

use serde::{Deserialize, Serialize};

use crate::crypto::key::KeyType;

/// Where certificates of the fake's own authority say they come from; everything else is self-signed.
const AUTHORITY: &str = "FakeAuthority";

/// A policy as requests and answers carry it. What it leaves out is what the service fills in.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Policy {
    #[serde(default)]
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) key_props: KeyProperties,
    #[serde(default)]
    pub(crate) secret_props: SecretProperties,
    #[serde(default)]
    pub(crate) x509_props: X509Properties,
    #[serde(default = "auto_renew")]
    pub(crate) lifetime_actions: Vec<serde_json::Value>,
    #[serde(default)]
    pub(crate) issuer: Issuer,
    #[serde(skip_deserializing)]
    pub(crate) attributes: PolicyAttributes,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct KeyProperties {
    #[serde(default = "yes")]
    pub(crate) exportable: bool,
    #[serde(default = "rsa")]
    pub(crate) kty: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) key_size: Option<u64>,
    #[serde(default)]
    pub(crate) reuse_key: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) crv: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SecretProperties {
    #[serde(rename = "contentType")]
    pub(crate) content_type: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct X509Properties {
    #[serde(default)]
    pub(crate) subject: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sans: Option<Sans>,
    #[serde(default = "both_purposes")]
    pub(crate) ekus: Vec<String>,
    #[serde(default = "usual_usage")]
    pub(crate) key_usage: Vec<String>,
    #[serde(default = "a_year")]
    pub(crate) validity_months: u32,
    #[serde(skip_deserializing)]
    basic_constraints: BasicConstraints,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Sans {
    #[serde(default)]
    pub(crate) dns_names: Vec<String>,
}

#[derive(Debug, Clone, Default, Serialize)]
struct BasicConstraints {
    ca: bool,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Issuer {
    #[serde(default)]
    pub(crate) name: String,
}

#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct PolicyAttributes {
    enabled: bool,
    created: i64,
    updated: i64,
}

/// How the secret behind a certificate is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SecretForm {
    Pfx,
    Pem,
}

impl SecretForm {
    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Self::Pfx => "application/x-pkcs12",
            Self::Pem => "application/x-pem-file",
        }
    }
}

impl Policy {
    /// The policy of a test that says the rest itself.
    pub(crate) fn new(subject: &str, key_type: KeyType, form: SecretForm) -> Self {
        Self {
            id: String::new(),
            key_props: KeyProperties::of(key_type),
            secret_props: SecretProperties {
                content_type: form.content_type().to_owned(),
            },
            x509_props: X509Properties {
                subject: subject.to_owned(),
                ..X509Properties::default()
            },
            lifetime_actions: auto_renew(),
            issuer: Issuer::default(),
            attributes: PolicyAttributes::default(),
        }
    }

    /// Fills in what the service fills in.
    pub(crate) fn complete(&mut self, id: String, now: i64) {
        self.id = id;
        if self.issuer.name.is_empty() {
            "Self".clone_into(&mut self.issuer.name);
        }
        self.attributes = PolicyAttributes {
            enabled: true,
            created: now,
            updated: now,
        };
    }

    pub(crate) fn issue_by_authority(&mut self) {
        AUTHORITY.clone_into(&mut self.issuer.name);
    }

    pub(crate) fn is_issued_by_authority(&self) -> bool {
        self.issuer.name == AUTHORITY
    }

    pub(crate) fn secret_form(&self) -> Option<SecretForm> {
        let mut forms = [SecretForm::Pfx, SecretForm::Pem].into_iter();
        forms.find(|form| form.content_type() == self.secret_props.content_type)
    }

    /// `None` for a key that certificates cannot have.
    pub(crate) fn key_type(&self) -> Option<KeyType> {
        let properties = &self.key_props;
        KeyType::parse(&properties.kty, properties.key_size, properties.crv.as_deref())
            .filter(|&key_type| !matches!(key_type, KeyType::P256K | KeyType::Oct256))
    }
}

impl KeyProperties {
    pub(crate) fn of(key_type: KeyType) -> Self {
        Self {
            exportable: true,
            kty: key_type.kty().to_owned(),
            key_size: key_type.rsa_bits().and_then(|bits| u64::try_from(bits).ok()),
            reuse_key: false,
            crv: key_type.curve().map(str::to_owned),
        }
    }
}

impl Default for KeyProperties {
    fn default() -> Self {
        Self::of(KeyType::Rsa2048)
    }
}

impl Default for SecretProperties {
    fn default() -> Self {
        Self {
            content_type: SecretForm::Pfx.content_type().to_owned(),
        }
    }
}

impl Default for X509Properties {
    fn default() -> Self {
        Self {
            subject: String::new(),
            sans: None,
            ekus: both_purposes(),
            key_usage: usual_usage(),
            validity_months: a_year(),
            basic_constraints: BasicConstraints::default(),
        }
    }
}

fn yes() -> bool {
    true
}

fn rsa() -> String {
    "RSA".to_owned()
}

fn a_year() -> u32 {
    12
}

fn both_purposes() -> Vec<String> {
    ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"]
        .map(str::to_owned)
        .into()
}

fn usual_usage() -> Vec<String> {
    ["digitalSignature", "keyEncipherment"].map(str::to_owned).into()
}

fn auto_renew() -> Vec<serde_json::Value> {
    vec![serde_json::json!({
        "trigger": {"lifetime_percentage": 80},
        "action": {"action_type": "AutoRenew"},
    })]
}
