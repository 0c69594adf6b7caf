//! What a pass renders: the files whose inputs changed, and no other.

use std::sync::PoisonError;

use super::*;
use crate::domain::object::ObjectKind;
use crate::domain::path::RelativePath;
use crate::domain::spec::{
    Alias, CertificateContent, FileSpec, ObjectSpec, PasswordSource, TemplateSpec, Wanted,
};
use crate::domain::template::{Reference, Template};

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

/// `app.conf`, of the secrets `a` and `b`.
fn template() -> TemplateSpec {
    let template = Template::text(r#"{{ secret("a") }} {{ secret("b") }}"#).expect("valid");
    let input = |name| {
        let object = latest(name).object;
        let reference = Reference {
            kind: object.kind,
            vault: None,
            name: object.name.clone(),
        };
        let version = VersionPolicy::Latest;
        (reference, Wanted { object, version })
    };
    TemplateSpec {
        path: RelativePath::parse("app.conf").expect("valid"),
        template: Arc::new(template),
        inputs: vec![input("a"), input("b")],
        mode: FileMode::from_bits(0o440),
        required: true,
        group: None,
    }
}

pub(super) fn set_password(bench: &Bench, password: &str) {
    let mut passwords = bench.passwords.0.lock().unwrap_or_else(PoisonError::into_inner);
    passwords.insert(PASSWORD.into(), password.to_owned());
}

/// The paths that a pass rendered, whether or not their bytes are others.
async fn rendered(bench: &Bench, spec: &SyncSpec) -> Vec<String> {
    // A process of its own: what is published is all that it knows.
    let report = bench.reconciler(spec.clone()).pass(ALL, &()).await;
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
