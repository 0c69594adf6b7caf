//! What is odd about an entry.

use super::{lines, made, pass, path, remarked};
use crate::domain::notice::Notice;
use crate::domain::object::ObjectName;

#[test]
fn each_sort_of_remark_is_a_line_that_can_be_searched_for_with_its_data_in_fields() {
    let subject = "CN=Contoso CA".to_owned();
    let name = ObjectName::parse("web").expect("a name");
    let missing = |intermediates| Notice::MissingIssuer {
        subject: subject.clone(),
        intermediates,
    };
    for (notice, line) in [
        (
            missing(0),
            "WARN The certificate of the leaf's issuer is missing object=app/secrets/a issuer=\"CN=Contoso CA\"",
        ),
        (
            missing(2),
            "INFO The chain ends before its root object=app/secrets/a issuer=\"CN=Contoso CA\" intermediates=2",
        ),
        (
            Notice::UnrelatedCertificates { count: 3 },
            "INFO Left out certificates that do not belong to the chain object=app/secrets/a certificates=3",
        ),
        (
            Notice::AuthorityAsLeaf,
            "WARN The certificate that is served as a leaf is an authority's object=app/secrets/a hint=\"ask for `ca`",
        ),
        (
            Notice::PfxAsText {
                name: name.clone(),
                path: path("web.pem"),
            },
            "WARN A file is the base64 text of a certificate's PFX object=app/secrets/a secret=web path=web.pem hint=\"for \
             files that programs read, write under `certificates`",
        ),
        (
            Notice::PfxInTemplate { name: name.clone() },
            "WARN A template has the base64 text of a certificate's PFX object=app/secrets/a secret=web hint=\"for PEM",
        ),
        (
            Notice::PfxInValues {
                name,
                key: "TLS".to_owned(),
            },
            "WARN A value is the base64 text of a certificate's PFX object=app/secrets/a secret=web hint=\"write the",
        ),
        (
            Notice::NothingSelected { looked_at: 12 },
            "WARN A selection picks no secret object=app/secrets/a looked_at=12 hint=\"compare the rule",
        ),
    ] {
        let warns = notice.is_warning();
        let lines = lines([remarked(made("a"), vec![notice]), pass(vec![made("a")])]);
        let told: Vec<_> = lines
            .concat()
            .into_iter()
            .filter(|told| told.starts_with(line))
            .collect();
        assert_eq!(told.len(), 1, "{line}: {lines:?}");
        assert_eq!(told[0].starts_with("WARN"), warns, "{line}");
    }
}
