//! Sinks: files, and what their templates make of the resources.

use super::expression::{Kind, Pem, Term};
use super::resources::Resources;
use super::template::{self, Segment};
use super::volume::Place;
use super::worker::Worker;
use crate::draft::{CertificatePart, Entry, Files, MadeOf, Object, Part, Piece, SecretName, TemplateBody};
use crate::input::Value;
use crate::note::{Notes, quoted};
use crate::scalar;
use domain::desired::{BundleOrder, SecretEncoding, VersionPolicy};
use domain::path::RelativePath;
use manifest::quoted_key;

/// Keys of a sink, and those that a sink of the first versions had as a resource and a worker.
const KEYS: [&str; 16] = [
    "path",
    "template",
    "templatePath",
    "owner",
    "group",
    "mode",
    "kind",
    "type",
    "name",
    "version",
    "vaultBaseURL",
    "vaultName",
    "credential",
    "frequency",
    "preChange",
    "postChange",
];

/// Secrets of one JSON file. Every sink may have them all.
const MAX_JSON_VALUES: usize = 200;

/// Puts the files of a worker behind those of the workers before it.
pub(super) fn read(
    worker: &Worker<'_>,
    resources: &Resources,
    place: &Place,
    files: &mut Files,
    notes: &Notes,
) {
    for sink in &worker.sinks {
        let path = sink.text_of("path").unwrap_or_default();
        let label = worker.subject(&format!("sink {}", quoted(path)));
        for (key, _) in sink.entries().filter(|(key, _)| !KEYS.contains(key)) {
            notes.not_carried(format!("{label}, {}", quoted_key(key)), "a sink has no such key");
        }
        let path = match RelativePath::parse(&place.relative(path)) {
            Ok(path) => path,
            Err(error) => {
                notes.not_carried(label, error.to_string());
                continue;
            }
        };
        match entry(*sink, &path, &label, worker, resources) {
            Ok((entry, remarks)) => {
                for remark in remarks {
                    notes.assumed(label.as_str(), remark);
                }
                files.push(entry);
            }
            Err(reason) => {
                notes.not_carried(label, reason);
                files.lose(path);
            }
        }
    }
}

type Made = (MadeOf, Option<&'static str>);

fn entry(
    sink: Value<'_>,
    path: &RelativePath,
    label: &str,
    worker: &Worker<'_>,
    resources: &Resources,
) -> Result<(Entry, Vec<String>), String> {
    let (made_of, assumption) = made_of(sink, resources)?;
    let mut remarks: Vec<String> = assumption.into_iter().map(str::to_owned).collect();
    let mode = sink.text_of("mode").map(|text| {
        let (mode, remark) = scalar::mode(text, "mode");
        remarks.extend(remark);
        mode
    });
    let entry = Entry {
        label: label.to_owned(),
        path: path.clone(),
        mode,
        interval: Some(worker.frequency),
        made_of,
    };
    Ok((entry, remarks))
}

fn made_of(sink: Value<'_>, resources: &Resources) -> Result<Made, String> {
    if sink.get("templatePath").is_some() {
        let reason = "its template is in a file; write its text as `template` and convert again";
        return Err(reason.to_owned());
    }
    let Some(template) = sink.get("template").and_then(Value::raw_text) else {
        let object = resources.only_secret().ok_or("it has no template")?;
        return Ok((
            value(object, false, false),
            Some("without a template, taken as the value of the one secret"),
        ));
    };
    let segments = template::parse(template)?;
    match segments.as_slice() {
        [] => Err("its template is empty".to_owned()),
        [Segment::Term(term)] => whole(term, resources),
        segments => match certificate(segments, resources)? {
            Some(made) => Ok(made),
            None => text(segments, resources),
        },
    }
}

/// A file that is one expression.
fn whole(term: &Term, resources: &Resources) -> Result<Made, String> {
    match term {
        Term::Value { name, base64, trim } => {
            let object = resources.find(Kind::Secret, name)?;
            Ok((value(object, *base64, *trim), None))
        }
        Term::Item(Kind::Secret, name) => {
            Ok((value(resources.find(Kind::Secret, name)?, false, false), None))
        }
        Term::Pem(pem, kind, name) => pem_file(*pem, *kind, name, resources),
        Term::JwkJson(name) => {
            let object = resources.find(Kind::Key, name)?;
            let remark = "`jwk` has the members of the public key only, without `kid` and `key_ops`";
            Ok((MadeOf::Object(object, Part::KeyJwk), Some(remark)))
        }
        Term::ValuesJson => json(resources),
        Term::Item(..) | Term::Jwk(_) | Term::Map(_) | Term::Values | Term::Text(_) => Err(
            "its template writes a whole resource; use `content: metadata`, or `keys` with `format: jwk`"
                .to_owned(),
        ),
    }
}

fn value(object: Object, base64: bool, trim: bool) -> MadeOf {
    // Unlike the agent, akv-sync would heed the tag `file-encoding` without an encoding.
    let encoding = if base64 {
        SecretEncoding::Base64
    } else {
        SecretEncoding::Utf8
    };
    let encoding = Some(encoding);
    MadeOf::Object(object, Part::Secret { encoding, trim })
}

fn pem_file(pem: Pem, kind: Kind, name: &str, resources: &Resources) -> Result<Made, String> {
    let part = match (pem, kind) {
        (_, Kind::Key) | (Pem::PrivateKey, Kind::Cert) => {
            return Err("its template asks a resource for a part that it does not have".to_owned());
        }
        (Pem::PrivateKey, _) => CertificatePart::PrivateKey,
        (Pem::Cert, _) => CertificatePart::Leaf,
        (Pem::Issuers, _) => CertificatePart::Issuers,
        (Pem::FullChain, _) => CertificatePart::FullChain,
    };
    let remark = (pem == Pem::FullChain)
        .then_some("a leaf without issuers is its own full chain; the agent wrote nothing then");
    let part = match kind {
        Kind::Cert => Part::PublicCertificate(part),
        _ => Part::Certificate(part),
    };
    Ok((MadeOf::Object(resources.find(kind, name)?, part), remark))
}

/// PEM with nothing but white space around it, or a key and a chain of one certificate; `None` for anything else.
fn certificate(segments: &[Segment], resources: &Resources) -> Result<Option<Made>, String> {
    const BLANKS: &str = "white space around PEM is left out";
    let mut terms = Vec::new();
    for segment in segments {
        match segment {
            Segment::Text(text) if text.trim().is_empty() => {}
            Segment::Term(Term::Pem(pem, kind, name)) => terms.push((*pem, *kind, name.as_str())),
            _ => return Ok(None),
        }
    }
    let order = match terms.as_slice() {
        [(pem, kind, name)] => {
            return pem_file(*pem, *kind, name, resources).map(|(made, _)| Some((made, Some(BLANKS))));
        }
        [(Pem::PrivateKey, ..), (Pem::FullChain, ..)] => BundleOrder::KeyFirst,
        [(Pem::FullChain, ..), (Pem::PrivateKey, ..)] => BundleOrder::KeyLast,
        _ => {
            return Err(
                "its template puts parts of certificates together in a way that no `bundle` has".to_owned(),
            );
        }
    };
    let (first, second) = (terms[0], terms[1]);
    if (first.1, first.2) != (second.1, second.2) || first.1 != Kind::Secret {
        return Err("its template puts parts of several certificates together".to_owned());
    }
    let object = resources.find(Kind::Secret, first.2)?;
    let bundle = Part::Certificate(CertificatePart::Bundle(order));
    let remark = (segments.len() > 2).then_some(BLANKS);
    Ok(Some((MadeOf::Object(object, bundle), remark)))
}

/// Text with the values of secrets in it.
fn text(segments: &[Segment], resources: &Resources) -> Result<Made, String> {
    let mut pieces = Vec::new();
    let mut secrets = 0;
    for segment in segments {
        pieces.push(match segment {
            Segment::Text(text) => Piece::Text(text.clone()),
            Segment::Term(
                Term::Value {
                    name,
                    base64: false,
                    trim: false,
                }
                | Term::Item(Kind::Secret, name),
            ) => {
                secrets += 1;
                Piece::Secret(current(&resources.find(Kind::Secret, name)?)?)
            }
            Segment::Term(_) => {
                return Err("its template puts something other than values of secrets into text".to_owned());
            }
        });
    }
    if secrets == 0 {
        return Err("its template names no resource; write this file in another way".to_owned());
    }
    Ok((MadeOf::Template(TemplateBody::Text(pieces)), None))
}

fn json(resources: &Resources) -> Result<Made, String> {
    let secrets = resources.secrets()?;
    if secrets.len() > MAX_JSON_VALUES {
        return Err(format!(
            "its template writes more than {MAX_JSON_VALUES} secrets into one file"
        ));
    }
    let values: Result<Vec<_>, String> = secrets
        .into_iter()
        .map(|(name, object)| Ok((name.to_owned(), current(object)?)))
        .collect();
    let values = values?;
    if values.is_empty() {
        return Err("its template writes secrets, of which the worker has none".to_owned());
    }
    let remark = "the members are the same; blanks and line ends of the JSON may not be";
    Ok((MadeOf::Template(TemplateBody::Json(values)), Some(remark)))
}

/// The secret, for a template, which always has the current version.
fn current(object: &Object) -> Result<SecretName, String> {
    if object.version != VersionPolicy::Latest {
        return Err("its template uses a fixed version; templates have the current one".to_owned());
    }
    Ok(SecretName {
        vault: object.vault.clone(),
        name: object.name.clone(),
    })
}
