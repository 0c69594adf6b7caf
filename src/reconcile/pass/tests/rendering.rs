//! What a pass renders: the files whose inputs changed, and no other.

use std::sync::PoisonError;

use super::*;
use crate::domain::desired::{Alias, CertificateContent, FileSpec, ObjectSpec, PasswordSource, SecretForm};
use crate::domain::object::ObjectKind;
use crate::domain::path::RelativePath;

pub(super) const PASSWORD: &str = "/run/password";

/// The certificate `web` as a key store of each format.
pub(super) fn key_stores() -> ObjectSpec {
    let mut object = secret("web");
    object.wanted.object.kind = ObjectKind::Certificate;
    let (password, alias) = (
        || Some(PasswordSource::File(PASSWORD.into())),
        || Alias::parse("web").expect("valid"),
    );
    let pkcs12 = CertificateContent::Pkcs12 {
        password: password(),
        alias: alias(),
        legacy: false,
        root: false,
    };
    let jks = CertificateContent::Jks {
        password: password(),
        alias: alias(),
    };
    let file = object.files.remove(0);
    let stores = [("web.p12", pkcs12), ("web.jks", jks)];
    let files = stores.map(|(path, content)| FileSpec {
        path: RelativePath::parse(path).expect("valid"),
        content: Content::Certificate(content),
        ..file.clone()
    });
    ObjectSpec {
        files: files.into(),
        ..object
    }
}

/// What Key Vault holds after `az keyvault secret set --file`, and what a person types to open the store.
#[test]
fn a_password_from_a_secret_is_without_the_line_end_that_nobody_can_type() {
    run(async {
        let certificate = rcgen::generate_simple_self_signed(["web".to_owned()]).expect("signed");
        let certificate = certificate.cert.pem() + &certificate.signing_key.serialize_pem();
        let path = RelativePath::parse("web.jks").expect("valid");
        let mut stores = Vec::new();
        for value in [
            "changeit",
            "changeit\n",
            "changeit\r\n",
            "\u{feff}changeit",
            "changeit\n\n",
        ] {
            let bench = Bench::new();
            bench.vault.set("web", &certificate, 1);
            bench.vault.set("pass", value, 1);
            let mut object = key_stores();
            for file in &mut object.files {
                if let Content::Certificate(
                    CertificateContent::Pkcs12 { password, .. } | CertificateContent::Jks { password, .. },
                ) = &mut file.content
                {
                    *password = Some(PasswordSource::Secret(secret("pass").wanted));
                }
            }
            let report = bench.reconciler(spec(vec![object])).pass(Turn::All).await;
            assert!(report.required_are_served(), "{report:?}");
            let (store, _) = bench.volume.all().remove(&path).expect("published");
            stores.push(store);
        }
        let (typed, other) = stores.split_at(4);
        assert!(typed.iter().all(|store| store == &typed[0]));
        assert_ne!(other[0], typed[0], "one line end, not all");
    });
}

pub(super) fn set_password(bench: &Bench, password: &str) {
    let mut passwords = bench.passwords.0.lock().unwrap_or_else(PoisonError::into_inner);
    passwords.insert(PASSWORD.into(), password.to_owned());
}

/// The paths that a pass rendered, whether or not their bytes are others.
async fn rendered(bench: &Bench, spec: &SyncSpec) -> Vec<String> {
    // A process of its own: what is published is all that it knows.
    let report = bench.reconciler(spec.clone()).pass(Turn::All).await;
    assert!(report.required_are_served(), "{report:?}");
    bench.volume.take_rendered()
}

#[test]
fn a_file_is_rendered_once_per_change_of_its_inputs_across_restarts() {
    run(async {
        let bench = Bench::new();
        let certificate = rcgen::generate_simple_self_signed(["web".to_owned()]).expect("signed");
        let certificate = certificate.cert.pem() + &certificate.signing_key.serialize_pem();
        bench.vault.set("web", &certificate, 1);
        bench.vault.set("a", "one", 1);
        bench.vault.set("b", "one", 1);
        set_password(&bench, "changeit");
        let mut spec = spec(vec![key_stores()]);
        spec.templates.push(template());

        assert_eq!(rendered(&bench, &spec).await, ["app.conf", "web.jks", "web.p12"]);
        assert!(rendered(&bench, &spec).await.is_empty(), "nothing changed");
        bench.vault.set("b", "two", 2);
        assert_eq!(rendered(&bench, &spec).await, ["app.conf"]);
        bench.vault.set("web", &certificate, 2);
        assert_eq!(rendered(&bench, &spec).await, ["web.jks", "web.p12"]);
        set_password(&bench, "another");
        assert_eq!(rendered(&bench, &spec).await, ["web.jks", "web.p12"]);
        assert!(rendered(&bench, &spec).await.is_empty(), "nothing changed");
    });
}

/// The secret `a` in forms that take its tags, and in one that does not.
fn forms_of_a() -> SyncSpec {
    let mut object = secret("a");
    let file = object.files.remove(0);
    let forms = [
        ("plain", Content::Secret(SecretEncoding::Utf8.into())),
        ("by-tag", Content::Secret(SecretForm::default())),
        ("metadata", Content::Metadata),
    ];
    let files = forms.map(|(path, content)| FileSpec {
        path: RelativePath::parse(path).expect("valid"),
        content,
        ..file.clone()
    });
    object.files = files.into();
    let mut spec = spec(vec![object, secret("b")]);
    spec.templates.push(template());
    spec
}

#[test]
fn a_tag_that_changes_without_a_new_version_reaches_the_files_that_take_it() {
    run(async {
        let bench = Bench::new();
        bench.vault.set("a", "b25l", 1);
        bench.vault.set("b", "one", 1);
        let spec = forms_of_a();
        rendered(&bench, &spec).await;
        bench.vault.tag("a", "file-encoding", "base64");
        let report = bench.reconciler(spec.clone()).pass(Turn::All).await;
        let written = report.publication.written.iter().map(RelativePath::as_str);
        assert!(written.eq(["by-tag", "metadata"]));
        assert_eq!(bench.volume.text("by-tag").as_deref(), Some("one"));
        assert_eq!(bench.volume.text("plain").as_deref(), Some("b25l"));
        bench.volume.take_rendered();
        assert!(rendered(&bench, &spec).await.is_empty(), "nothing changed");

        bench.vault.tag("b", "team", "payments");
        assert_eq!(
            rendered(&bench, &spec).await,
            ["app.conf"],
            "it might show the tag"
        );
    });
}
