//! A draft as the text of a manifest. The only code here that knows the manifest's keys.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::ops::Range;
use std::time::Duration;

use time::format_description::well_known::Rfc3339;

use super::draft::{
    CertificatePart, Draft, Entry, MadeOf, Object, Part, Piece, SecretName, Selection, TemplateBody, Volume,
};
use super::vaults::Vault;
use super::yaml::Yaml;
use domain::desired::{BundleOrder, IdentityKind, IdentitySpec, SecretEncoding, VersionPolicy};
use domain::object::VaultName;

type Entries = Vec<(&'static str, Yaml)>;

/// An element of a list, and the places in the draft of the entries that it is made of; a selection has none.
type Element = (Vec<usize>, Yaml);

/// A manifest as text.
#[derive(Default)]
pub(super) struct Written {
    pub(super) text: String,
    /// The lines of each element, counted from 0, and its entries, in the order of the text.
    pub(super) elements: Vec<(Range<usize>, Vec<usize>)>,
    lines: usize,
}

impl Written {
    /// Adds whole lines; gives which they are.
    fn add(&mut self, part: &str) -> Range<usize> {
        self.text.push_str(part);
        let start = self.lines;
        self.lines += part.matches('\n').count();
        start..self.lines
    }

    fn add_list(&mut self, key: &str, list: Vec<Element>) {
        if !list.is_empty() {
            self.add(&format!("{key}:\n"));
        }
        for (entries, element) in list {
            let lines = self.add(&element.element());
            self.elements.push((lines, entries));
        }
    }
}

/// Secrets that a selection may pick: the most that a manifest allows, because the tools have no limit.
pub(super) const SELECTION_LIMIT: u32 = 1_000;

/// The manifest: a comment that says what it comes from, then the keys in the order of the reference page.
pub(super) fn manifest(draft: &Draft) -> Written {
    let shown = Shown {
        several_vaults: draft.vaults.len() > 1,
        interval: draft.interval,
    };
    let mut entries = vec![
        ("apiVersion", Yaml::text("akv-sync/v1")),
        ("kind", Yaml::text("SyncManifest")),
        ("identity", Yaml::Map(identity(&draft.identity))),
        ("vaults", Yaml::List(draft.vaults.iter().map(vault).collect())),
        ("volume", Yaml::Map(volume(&draft.volume))),
    ];
    if let Some(interval) = draft.interval {
        let interval = Yaml::Map(vec![("interval", Yaml::Quoted(duration(interval)))]);
        entries.push(("refresh", interval));
    }
    let document = Yaml::document(entries);
    let origin = &draft.origin;
    let mut written = Written::default();
    written.add(&format!(
        "# Made by `akv-sync convert` from {origin}; its messages said what to look at.\n{document}"
    ));
    written.add_list("secrets", shown.secrets(draft));
    written.add_list("certificates", shown.certificates(&draft.entries));
    written.add_list("keys", shown.keys(&draft.entries));
    written.add_list("templates", shown.templates(&draft.entries));
    written
}

fn identity(identity: &IdentitySpec) -> Entries {
    let kind = match identity.kind {
        IdentityKind::Default => "default",
        IdentityKind::WorkloadIdentity => "workloadIdentity",
        IdentityKind::ManagedIdentity => "managedIdentity",
        IdentityKind::ClientSecret => "clientSecret",
        IdentityKind::ClientCertificate => "clientCertificate",
        IdentityKind::Developer => "developer",
    };
    let mut entries = vec![("type", Yaml::text(kind))];
    let texts = [
        ("tenantId", &identity.tenant_id),
        ("clientId", &identity.client_id),
        ("objectId", &identity.object_id),
        ("resourceId", &identity.resource_id),
    ];
    entries.extend(
        texts
            .into_iter()
            .filter_map(|(key, text)| Some((key, Yaml::text(text.clone()?)))),
    );
    let path = identity.client_secret_file.as_ref();
    entries.extend(path.map(|path| ("clientSecretFile", Yaml::text(path.to_string_lossy()))));
    let authority = identity.authority_host.as_ref();
    entries.extend(authority.map(|url| ("authorityHost", Yaml::text(url.as_str().trim_end_matches('/')))));
    entries
}

fn vault(vault: &Vault) -> Yaml {
    let mut entries = vec![
        ("name", Yaml::text(vault.name.as_str())),
        ("url", Yaml::text(&*vault.url)),
    ];
    let host = vault.trusted_host.as_deref();
    entries.extend(host.map(|host| ("trustedHosts", Yaml::List(vec![Yaml::text(host)]))));
    Yaml::Map(entries)
}

fn volume(volume: &Volume) -> Entries {
    let mut entries = vec![
        ("path", Yaml::text(&*volume.path)),
        ("fileMode", Yaml::Quoted(volume.file_mode.to_string())),
        ("dirMode", Yaml::Quoted(volume.dir_mode.to_string())),
    ];
    let owners = [("owner", &volume.owner), ("group", &volume.group)];
    entries.extend(
        owners
            .into_iter()
            .filter_map(|(key, owner)| Some((key, Yaml::text(owner.as_ref()?.to_string())))),
    );
    entries
}

/// A duration in the largest unit that gives a whole number.
fn duration(duration: Duration) -> String {
    match duration.as_secs() {
        seconds if seconds % 3600 == 0 => format!("{}h", seconds / 3600),
        seconds if seconds % 60 == 0 => format!("{}m", seconds / 60),
        seconds => format!("{seconds}s"),
    }
}

/// What every entry has to show.
struct Shown {
    several_vaults: bool,
    /// That of `refresh`.
    interval: Option<Duration>,
}

impl Shown {
    fn secrets(&self, draft: &Draft) -> Vec<Element> {
        let mut list = Vec::new();
        for (place, entry) in draft.entries.iter().enumerate() {
            let MadeOf::Object(object, Part::Secret { encoding, trim }) = &entry.made_of else {
                continue;
            };
            let mut entries = vec![("name", Yaml::text(object.name.as_str()))];
            entries.extend(self.vault(&object.vault));
            entries.extend(path_unless(entry, object.name.as_str()));
            entries.extend(encoding.map(|encoding| ("encoding", Yaml::text(encoding_name(encoding)))));
            entries.extend(trim.then(|| ("trim", Yaml::yes())));
            entries.extend(version(object));
            entries.extend(self.interval([entry]));
            entries.extend(mode(entry));
            list.push((vec![place], Yaml::Map(entries)));
        }
        let selections = draft.selections.iter();
        list.extend(selections.map(|selection| (Vec::new(), self.selection(selection))));
        list
    }

    fn selection(&self, selection: &Selection) -> Yaml {
        let rule = vec![
            ("glob", Yaml::text("*")),
            ("limit", Yaml::Bare(SELECTION_LIMIT.to_string())),
        ];
        let mut entries = vec![("select", Yaml::Map(rule))];
        entries.extend(self.vault(&selection.vault));
        entries.push(("pathTemplate", Yaml::text(selection.path_template)));
        let encoding = selection.encoding;
        entries.extend(encoding.map(|encoding| ("encoding", Yaml::text(encoding_name(encoding)))));
        Yaml::Map(entries)
    }

    /// One entry for each version of a certificate, with all files that are made of it.
    fn certificates(&self, entries: &[Entry]) -> Vec<Element> {
        let mut objects: Vec<(&Object, Vec<usize>, Vec<Yaml>)> = Vec::new();
        let mut known = HashMap::new();
        for (place, entry) in entries.iter().enumerate() {
            let MadeOf::Object(object, Part::Certificate(part) | Part::PublicCertificate(part)) =
                &entry.made_of
            else {
                continue;
            };
            let index = *known.entry(object).or_insert(objects.len());
            if index == objects.len() {
                objects.push((object, Vec::new(), Vec::new()));
            }
            objects[index].1.push(place);
            objects[index].2.push(certificate_file(entry, *part));
        }
        let shown = objects.into_iter().map(|(object, places, files)| {
            let mut shown = vec![("name", Yaml::text(object.name.as_str()))];
            shown.extend(self.vault(&object.vault));
            shown.extend(version(object));
            shown.extend(self.interval(places.iter().map(|place| &entries[*place])));
            shown.push(("files", Yaml::List(files)));
            (places, Yaml::Map(shown))
        });
        shown.collect()
    }

    fn keys(&self, entries: &[Entry]) -> Vec<Element> {
        let keys = entries
            .iter()
            .enumerate()
            .filter_map(|(place, entry)| Some((vec![place], self.key(entry)?)));
        keys.collect()
    }

    /// An entry that is a key; `None` for any other.
    fn key(&self, entry: &Entry) -> Option<Yaml> {
        let (object, format) = match &entry.made_of {
            MadeOf::Object(object, Part::KeyPem) => (object, None),
            MadeOf::Object(object, Part::KeyJwk) => (object, Some("jwk")),
            _ => return None,
        };
        let mut shown = vec![("name", Yaml::text(object.name.as_str()))];
        shown.extend(self.vault(&object.vault));
        shown.extend(path_unless(entry, object.name.as_str()));
        shown.extend(format.map(|format| ("format", Yaml::text(format))));
        shown.extend(version(object));
        shown.extend(self.interval([entry]));
        shown.extend(mode(entry));
        Some(Yaml::Map(shown))
    }

    fn templates(&self, entries: &[Entry]) -> Vec<Element> {
        let template = |(place, entry): (usize, &Entry)| {
            let MadeOf::Template(body) = &entry.made_of else {
                return None;
            };
            let mut entries = vec![("path", Yaml::text(entry.path.as_str()))];
            match body {
                TemplateBody::Text(pieces) => {
                    entries.push(("template", Yaml::text(self.template_text(pieces))));
                }
                TemplateBody::Json(values) => {
                    entries.push(("format", Yaml::text("json")));
                    let values = values
                        .iter()
                        .map(|(key, secret)| self.template_value(key, secret));
                    entries.push(("values", Yaml::List(values.collect())));
                }
            }
            entries.extend(self.interval([entry]));
            entries.extend(mode(entry));
            Some((vec![place], Yaml::Map(entries)))
        };
        entries.iter().enumerate().filter_map(template).collect()
    }

    fn template_value(&self, key: &str, secret: &SecretName) -> Yaml {
        let mut entries = vec![
            ("key", Yaml::text(key)),
            ("secret", Yaml::text(secret.name.as_str())),
        ];
        entries.extend(self.vault(&secret.vault));
        // The value as it is: without an encoding, a tag of the secret would say how it is decoded.
        entries.push(("encoding", Yaml::text(encoding_name(SecretEncoding::Utf8))));
        Yaml::Map(entries)
    }

    /// What starts a tag of the template language in the text is written as the text of a tag.
    fn template_text(&self, pieces: &[Piece]) -> String {
        let mut out = String::new();
        let mut pieces = pieces.iter().peekable();
        while let Some(piece) = pieces.next() {
            let before_tag = matches!(pieces.peek(), Some(Piece::Secret(_)));
            // Writing to a text does not fail.
            let _ = match piece {
                Piece::Text(text) => write!(out, "{}", escaped(text, before_tag)),
                Piece::Secret(SecretName { vault, name }) if self.several_vaults => {
                    write!(out, "{{{{ secret('{name}', vault='{vault}') }}}}")
                }
                Piece::Secret(SecretName { name, .. }) => write!(out, "{{{{ secret('{name}') }}}}"),
            };
        }
        out
    }

    /// The interval of an element of these entries, where it is not that of `refresh`.
    fn interval<'e>(&self, entries: impl IntoIterator<Item = &'e Entry>) -> Option<(&'static str, Yaml)> {
        let shortest = entries.into_iter().filter_map(|entry| entry.interval).min();
        let own = shortest.filter(|interval| Some(*interval) != self.interval)?;
        Some(("interval", Yaml::Quoted(duration(own))))
    }

    fn vault(&self, vault: &VaultName) -> Option<(&'static str, Yaml)> {
        self.several_vaults.then(|| ("vault", Yaml::text(vault.as_str())))
    }
}

fn escaped(text: &str, before_tag: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match chars.next_if(|next| c == '{' && matches!(next, '{' | '%' | '#')) {
            Some(next) => out.extend(["{{ '{", &String::from(next), "' }}"]),
            // With the tag behind it, it would start one a character early.
            None if c == '{' && before_tag && chars.peek().is_none() => out.push_str("{{ '{' }}"),
            None => out.push(c),
        }
    }
    out
}

fn path_unless(entry: &Entry, name: &str) -> Option<(&'static str, Yaml)> {
    let path = entry.path.as_str();
    (path != name).then(|| ("path", Yaml::text(path)))
}

fn mode(entry: &Entry) -> Option<(&'static str, Yaml)> {
    entry.mode.map(|mode| ("mode", Yaml::Quoted(mode.to_string())))
}

fn version(object: &Object) -> Entries {
    let version = match &object.version {
        VersionPolicy::Latest => None,
        VersionPolicy::LatestEnabled => Some(Yaml::text("latestEnabled")),
        VersionPolicy::Exact(version) => Some(Yaml::text(version.as_str())),
        VersionPolicy::CreatedBefore(time) => {
            let time = time.format(&Rfc3339).expect("a time with a year of four digits");
            Some(Yaml::Map(vec![("createdBefore", Yaml::Quoted(time))]))
        }
    };
    let version = version.map(|version| ("version", version));
    let history = object
        .history
        .map(|count| ("history", Yaml::Bare(count.to_string())));
    version.into_iter().chain(history).collect()
}

const fn encoding_name(encoding: SecretEncoding) -> &'static str {
    match encoding {
        SecretEncoding::Utf8 => "utf-8",
        SecretEncoding::Base64 => "base64",
        SecretEncoding::Hex => "hex",
    }
}

fn certificate_file(entry: &Entry, part: CertificatePart) -> Yaml {
    let (content, root) = match part {
        CertificatePart::Leaf => ("leaf", false),
        CertificatePart::FullChain => ("fullChain", true),
        CertificatePart::Issuers => ("chain", true),
        CertificatePart::PrivateKey => ("privateKey", false),
        CertificatePart::Bundle(_) => ("bundle", true),
        CertificatePart::Pkcs12 => ("pkcs12", true),
    };
    let mut entries = vec![
        ("path", Yaml::text(entry.path.as_str())),
        ("content", Yaml::text(content)),
    ];
    if root {
        entries.push(("includeRoot", Yaml::yes()));
    }
    if let CertificatePart::Bundle(order) = part {
        let order = match order {
            BundleOrder::KeyFirst => "keyFirst",
            BundleOrder::KeyLast => "keyLast",
        };
        entries.push(("order", Yaml::text(order)));
    }
    entries.extend(mode(entry));
    Yaml::Map(entries)
}
