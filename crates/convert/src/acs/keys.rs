//! What the agent writes: `grab_secrets` and `grab_secrets_kubernetes_objects`.

use std::collections::BTreeSet;

use super::Agent;
use crate::draft::{CertificatePart, Entry, Files, MadeOf, Object, Part, Selection};
use crate::emit::SELECTION_LIMIT;
use crate::note::{listed, quoted};
use crate::scalar;
use domain::desired::{SecretEncoding, VersionPolicy};
use domain::object::ObjectName;
use domain::path::RelativePath;

/// Names of one variable. A manifest does not hold more.
const MAX_KEYS: usize = 5_000;

/// The files of the agent.
pub(super) fn read(agent: &Agent<'_>) -> (Files, Vec<Selection>) {
    let mut reading = Reading {
        agent,
        files: Files::default(),
        undecided: BTreeSet::new(),
    };
    let mut selections = Vec::new();
    match agent.variables.get("SECRETS_KEYS") {
        Some(keys) => agent.each("SECRETS_KEYS", keys, |key| reading.secret(&key)),
        None => selections.push(reading.every_secret()),
    }
    if !agent.writes_kubernetes_secrets() {
        let keys = agent.variables.get("CERTS_KEYS").unwrap_or_default();
        agent.each("CERTS_KEYS", keys, |key| reading.certificate(&key));
    } else if agent.variables.text("CERTS_KEYS").is_some() {
        agent.notes.not_carried(
            "CERTS_KEYS",
            "the agent ignores it when it writes Kubernetes Secrets",
        );
    }
    reading.tell_undecided();
    if !agent.writes_kubernetes_secrets() {
        reading.tell_tag(!selections.is_empty());
    }
    (reading.files, selections)
}

/// `NAME:VERSION:CERTIFICATE_FILE:KEY_FILE`, of which only the name is needed.
pub(super) struct Names<'k> {
    pub(super) name: &'k str,
    version: &'k str,
    cert_file_name: &'k str,
    key_file_name: &'k str,
}

impl<'k> Names<'k> {
    pub(super) fn of(text: &'k str) -> Self {
        let mut parts = text.trim().split(':');
        let name = parts.next().unwrap_or_default();
        let version = parts.next().unwrap_or_default();
        let cert_file_name = parts.next().unwrap_or(name);
        Self {
            name,
            version,
            cert_file_name,
            key_file_name: parts.next().unwrap_or(cert_file_name),
        }
    }
}

impl Agent<'_> {
    fn each(&self, variable: &str, keys: &str, take: impl FnMut(Names<'_>)) {
        let mut keys = keys.split(';').filter(|key| !key.trim().is_empty());
        keys.by_ref().take(MAX_KEYS).map(Names::of).for_each(take);
        if keys.next().is_some() {
            let reason = format!("only its first {MAX_KEYS} are read; make several manifests");
            self.notes.not_carried(variable, reason);
        }
    }
}

struct Reading<'r> {
    agent: &'r Agent<'r>,
    files: Files,
    /// Names of secrets that may be those of certificates.
    undecided: BTreeSet<String>,
}

impl Reading<'_> {
    fn secret(&mut self, key: &Names<'_>) {
        let label = format!("secret {}", quoted(key.name));
        let object = self.object(key, &label);
        let object = object.as_ref();
        if object.is_none() {
            // Its file is lost, and with it that of the same name before it.
            self.undecided.remove(key.name);
        }
        if self.agent.writes_kubernetes_secrets() {
            self.kubernetes_secret(key, object, &label);
            return;
        }
        let value = Part::Secret {
            encoding: None,
            trim: false,
        };
        self.push(&label, &format!("secrets/{}", key.name), object, value);
        // The agent refuses file names for a secret that is not that of a certificate.
        if key.cert_file_name == key.name && key.key_file_name == key.name {
            self.undecided.extend(object.map(|_| key.name.to_owned()));
            return;
        }
        let (keys, certificates) = if key.cert_file_name == key.key_file_name {
            ("keys", "certs")
        } else {
            ("certs_keys", "certs_keys")
        };
        let key_path = format!("{keys}/{}", key.key_file_name);
        let pfx_path = format!("{key_path}.pfx");
        let chain = self.chain_of(key);
        self.push(
            &label,
            &key_path,
            object,
            Part::Certificate(CertificatePart::PrivateKey),
        );
        let path = format!("{certificates}/{}", key.cert_file_name);
        self.push(&label, &path, object, Part::Certificate(chain));
        if self.agent.variables.is_true("SAVE_PFX") {
            self.push(
                &label,
                &pfx_path,
                object,
                Part::Certificate(CertificatePart::Pkcs12),
            );
        }
    }

    /// The files that the Secret would have if it were mounted: a directory of its name, a file for each key.
    fn kubernetes_secret(&mut self, key: &Names<'_>, object: Option<&Object>, label: &str) {
        let directory = key.name.to_ascii_lowercase();
        let variables = self.agent.variables;
        let own_kind = variables.get(&format!("{}_SECRET_TYPE", key.name.to_ascii_uppercase()));
        let kind = own_kind
            .or_else(|| variables.get("SECRETS_TYPE"))
            .unwrap_or("Opaque");
        if kind == "kubernetes.io/tls" {
            let chain = self.chain_of(key);
            self.push(
                label,
                &format!("{directory}/tls.crt"),
                object,
                Part::Certificate(chain),
            );
            let private_key = Part::Certificate(CertificatePart::PrivateKey);
            self.push(label, &format!("{directory}/tls.key"), object, private_key);
            if chain == CertificatePart::FullChain {
                let issuers = Part::Certificate(CertificatePart::Issuers);
                self.push(label, &format!("{directory}/ca.crt"), object, issuers);
            }
            return;
        }
        let data_key = variables.text(&format!("{}_SECRETS_DATA_KEY", key.name.to_ascii_uppercase()));
        let path = format!("{directory}/{}", data_key.unwrap_or("secret"));
        let encoding = Some(SecretEncoding::Utf8);
        self.push(
            label,
            &path,
            object,
            Part::Secret {
                encoding,
                trim: false,
            },
        );
    }

    fn certificate(&mut self, key: &Names<'_>) {
        let label = format!("certificate {}", quoted(key.name));
        let object = self.object(key, &label);
        let path = format!("certs/{}", key.cert_file_name);
        let leaf = Part::PublicCertificate(CertificatePart::Leaf);
        self.push(&label, &path, object.as_ref(), leaf);
    }

    /// Without `SECRETS_KEYS`, the agent takes every secret of the vault.
    fn every_secret(&self) -> Selection {
        let reason = format!(
            "SECRETS_KEYS is not set, so every secret is selected, but for those behind certificates: list each of these, \
             under `secrets` for its value, under `certificates` for `content: fullChain` and `content: privateKey`. Of \
             more than {SELECTION_LIMIT} secrets, the most that a selection may have, nothing new is written: make \
             several selections, each with a `prefix`"
        );
        self.agent.notes.assumed("secrets[].select", reason);
        let (path_template, encoding) = if self.agent.writes_kubernetes_secrets() {
            let reason = "the agent gives a Secret its name in lower case; the directories keep the case that the name has \
                          in the vault";
            self.agent.notes.assumed("secrets[].pathTemplate", reason);
            ("{name}/secret", Some(SecretEncoding::Utf8))
        } else {
            ("secrets/{name}", None)
        };
        Selection {
            vault: self.agent.vault.clone(),
            path_template,
            encoding,
        }
    }

    /// Whether the certificates of authorities are written behind the leaf.
    fn chain_of(&self, key: &Names<'_>) -> CertificatePart {
        let variables = self.agent.variables;
        let own = variables.get(&format!(
            "{}_DOWNLOAD_CA_CERTIFICATE",
            key.name.to_ascii_uppercase()
        ));
        let switch = own
            .or_else(|| variables.get("DOWNLOAD_CA_CERTIFICATES"))
            .unwrap_or("true");
        if switch.eq_ignore_ascii_case("true") {
            CertificatePart::FullChain
        } else {
            CertificatePart::Leaf
        }
    }

    fn object(&self, key: &Names<'_>, label: &str) -> Option<Object> {
        let notes = self.agent.notes;
        let name = ObjectName::parse(key.name)
            .map_err(|error| notes.not_carried(label, error.to_string()))
            .ok()?;
        let version = match key.version {
            "" => Ok(VersionPolicy::Latest),
            text => scalar::version(text, "version"),
        };
        let version = version.map_err(|reason| notes.not_carried(label, reason)).ok()?;
        Some(Object {
            vault: self.agent.vault.clone(),
            name,
            version,
            history: None,
        })
    }

    /// A file of an object; without the object, which has been told then, its path is lost.
    fn push(&mut self, label: &str, path: &str, object: Option<&Object>, part: Part) {
        match (RelativePath::parse(path), object) {
            (Ok(path), Some(object)) => self.files.push(Entry {
                label: format!("{label} at {}", quoted(path.as_str())),
                path,
                mode: None,
                interval: None,
                made_of: MadeOf::Object(object.clone(), part),
            }),
            (Ok(path), None) => self.files.lose(path),
            (Err(error), Some(_)) => {
                let subject = format!("{label} at {}", quoted(path));
                self.agent.notes.not_carried(subject, error.to_string());
            }
            (Err(_), None) => {}
        }
    }

    fn tell_undecided(&self) {
        if self.undecided.is_empty() {
            return;
        }
        let reason = format!(
            "taken as plain secrets: {}. For one that is the secret of a certificate, the agent also wrote `certs/NAME` \
             and `keys/NAME`: list it under `certificates` with `content: fullChain` and `content: privateKey`",
            listed(self.undecided.iter().map(String::as_str))
        );
        self.agent.notes.assumed("secrets", reason);
    }

    /// One remark for all files that a tag of their secret decodes.
    fn tell_tag(&self, selects: bool) {
        let any_heeds_it = self.files.entries.iter().any(|entry| {
            matches!(
                &entry.made_of,
                MadeOf::Object(_, Part::Secret { encoding: None, .. })
            )
        });
        if !selects && !any_heeds_it {
            return;
        }
        let reason = "a secret with the tag `file-encoding: base64` is decoded, as by the agent, which passes over what is \
                      not base64; akv-sync refuses that. It also decodes `hex`, heeds these names in any case, and \
                      refuses a name that is no encoding, where the agent writes the value as it is: `encoding: utf-8` \
                      does that here";
        self.agent.notes.assumed("secrets[].encoding", reason);
    }
}
