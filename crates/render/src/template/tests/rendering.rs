//! Files, and why there are none.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::*;

fn fault(source: &str, secrets: &[(&str, &str)]) -> TemplateFault {
    rendered(source, secrets).expect_err("a fault")
}

#[test]
fn a_file_is_what_its_template_says() {
    let source = "# Größe\nspring.datasource.password={{ secret(\"db\") | properties }}\n{# no comment #}\n";
    assert_eq!(
        rendered(source, &[("db", " a=b")]).as_deref(),
        Ok("# Größe\nspring.datasource.password=\\ a\\=b\n\n")
    );
    assert_eq!(rendered("no newline", &[]).as_deref(), Ok("no newline"));
    assert_eq!(rendered("", &[]).as_deref(), Ok(""));
    assert_eq!(
        rendered("<{{ secret('x') }}>", &[("x", "<&\"'\u{2028}>")]).as_deref(),
        Ok("<<&\"'\u{2028}>>"),
        "nothing is escaped by itself"
    );
}

#[test]
fn values_are_written_as_other_programs_write_them() {
    let json =
        r#"{"b":true,"n":null,"i":587,"f":1.10,"big":12345678901234567890,"l":[1.50,"x"],"e":1e3,"b":false}"#;
    let source = "{% set j = secret('j') | from_json %}{{ j.b }} {{ j.i }} {{ j.f }} {{ j.big }} {{ j.e }} {{ j.l[0] }} \
                  {{ j.f | dotenv }} {{ j.l | json }} {{ j | json }} {{ true }}";
    assert_eq!(
        rendered(source, &[("j", json)]).as_deref(),
        Ok(
            "false 587 1.10 12345678901234567890 1e3 1.50 '1.10' [1.50,\"x\"] \
            {\"b\":false,\"big\":12345678901234567890,\"e\":1e3,\"f\":1.10,\"i\":587,\"l\":[1.50,\"x\"],\"n\":null} true"
        )
    );
    for (part, found) in [("n", "null"), ("l", "a list"), ("m", "a map")] {
        let source = format!("\n{{{{ (secret('j') | from_json).{part} }}}}");
        assert_eq!(
            fault(&source, &[("j", r#"{"n":null,"l":[],"m":{}}"#)]).to_string(),
            format!("line 2 of the template: {found} cannot be written as text")
        );
    }
}

#[test]
fn what_does_not_exist_is_a_fault_and_can_have_a_default() {
    let secrets = [("j", r#"{"a":1}"#)];
    let missing = fault("\n\n{{ (secret('j') | from_json).b }}", &secrets);
    assert_eq!(
        (missing.place, *missing.fault),
        (Some(Place::Line(3)), Fault::Undefined)
    );
    assert_eq!(
        rendered("{{ (secret('j') | from_json).b | default('none') }}", &secrets).as_deref(),
        Ok("none")
    );
}

#[test]
fn a_tagged_secret_is_decoded_only_where_a_filter_says_so() {
    let template = text("{{ secret('x') }} {{ secret('x') | b64decode }}").expect("valid");
    let reference = reference(ObjectKind::Secret, "x");
    let mut object = object(&reference, secret_with("QUJD\nREVG\n"));
    object
        .attributes
        .tags
        .insert("file-encoding".to_owned(), "base64".to_owned());
    let filled = fill(&template, &BTreeMap::from([(reference, &object)])).expect("renderable");
    assert_eq!(filled.bytes.expose(), b"QUJD\nREVG\n ABCDEF");
}

#[test]
fn parts_of_certificates_and_keys_are_texts() {
    let root = Authority::root("root");
    let middle = root.authority("middle");
    let leaf = middle.issue("leaf");
    let (key, certificate) = (block("PRIVATE KEY", &leaf.key), block("CERTIFICATE", &leaf.der));
    let issuer = block("CERTIFICATE", &middle.der);
    let contents = |with_key: bool| {
        let mut value = format!("{certificate}{issuer}");
        value += if with_key { &key } else { "" };
        vec![
            (reference(ObjectKind::Certificate, "web"), secret_with(value)),
            (reference(ObjectKind::Key, "sign"), public_key()),
        ]
    };
    let source = "{% set c = certificate('web') %}{{ c.privateKey }}{{ c.fullChain }}{{ c.leaf }}{{ c.chain }}\
                  {{ c.version }} {{ c.tags.owner }} {{ key('sign').tags['owner'] }} {{ key('sign').version }}";
    let version = "0a".repeat(16);
    assert_eq!(
        rendered_of(source, contents(true)).expect("renderable"),
        format!("{key}{certificate}{issuer}{certificate}{issuer}{version} team-1 team-1 {version}")
    );
    let public =
        rendered_of("{{ key('sign').pem }}{{ key('sign').jwk }}", contents(true)).expect("renderable");
    assert!(
        public.starts_with("-----BEGIN PUBLIC KEY-----\n") && public.ends_with("\"}"),
        "{public}"
    );

    let times = rendered_of(
        "{{ certificate('web').notBefore }} {{ certificate('web').expires }}",
        contents(true),
    );
    let times = times.expect("renderable");
    let parsed: Vec<_> = times
        .split(' ')
        .map(|time| time::OffsetDateTime::parse(time, &time::format_description::well_known::Rfc3339))
        .collect();
    assert!(
        matches!(&parsed[..], [Ok(start), Ok(end)] if start < end),
        "{times}"
    );

    // A key that is not there stands in the way of nothing else.
    assert!(rendered_of("{{ certificate('web').fullChain }}", contents(false)).is_ok());
    let missing = rendered_of("a\n{{ certificate('web').privateKey }}", contents(false)).expect_err("no key");
    let text = missing.to_string();
    assert!(
        text.starts_with("line 2 of the template: app/certificates/web version 0a0a")
            && text.contains("`privateKey` wants the private key"),
        "{text}"
    );
    assert!(missing.hint().contains("beside the certificate"));
}

#[test]
fn pem_parts_are_picked_as_they_are_written() {
    let key = "-----BEGIN RSA PRIVATE KEY-----\nS0VZ\n-----END RSA PRIVATE KEY-----\n";
    let one = "-----BEGIN CERTIFICATE-----\nT05F\n-----END CERTIFICATE-----\n";
    let two = "-----BEGIN CERTIFICATE-----\nVFdP\n-----END CERTIFICATE-----\n";
    let bundle = format!("subject=x\n{one}\r\n{key}{}", two.trim_end());
    let windows = bundle.replace('\n', "\r\n");
    for value in [&bundle, &windows] {
        let secrets = [("b", value.as_str())];
        for (filter, expected) in [
            ("pem_private_key", key),
            ("pem_certificates", &(one.to_owned() + two)),
            ("pem_certificate(0)", one),
            ("pem_certificate(1)", two),
        ] {
            let source = format!("{{{{ secret('b') | {filter} }}}}");
            assert_eq!(rendered(&source, &secrets).as_deref(), Ok(expected), "{filter}");
        }
    }
    for (value, filter, expected) in [
        (one, "pem_private_key", "the PEM text has 0 private keys, not one"),
        (
            &key.repeat(2),
            "pem_private_key",
            "the PEM text has 2 private keys, not one",
        ),
        (
            one,
            "pem_certificate(1)",
            "the PEM text has 1 certificates, and number 1 (from 0) is wanted",
        ),
        (key, "pem_certificates", "the PEM text has no certificate"),
        (
            "-----BEGIN X-----\n",
            "pem_certificates",
            "line 1 of the PEM text begins a block that has no END line",
        ),
    ] {
        let name = filter.trim_end_matches("(1)");
        let source = format!("{{{{ secret('b') | {filter} }}}}");
        assert_eq!(
            fault(&source, &[("b", value)]).to_string(),
            format!("line 1 of the template: the filter `{name}` does not take this value: {expected}")
        );
    }
}

#[test]
fn no_error_shows_a_value() {
    let encoded = STANDARD.encode([0xff, 0xfe]);
    for source in [
        "{{ secret('m') + 1 }}",
        "{{ secret('m') | int }}",
        "{{ secret('m') | from_json }}",
        "{{ secret('m') | b64decode }}",
        "{{ secret('b') | b64decode }}",
        "{{ (secret('m') ~ '\\0') | shell }}",
        "{{ (secret('m') ~ '\\\\') | dotenv }}",
        "{{ secret('m') | pem_private_key }}",
        "{{ secret('m') | split | yaml }}",
        "{{ (secret('m') | list)[0].x }}",
        "{{ range(secret('m')) }}",
        "{{ {}[secret('m')] }}",
        "{{ 'x' | replace(secret('m')) }}",
        "{{ [1] | map(secret('m')) | join }}",
        "{{ [1] | select(secret('m')) | join }}",
        "{{ {} | dictsort(by=secret('m')) }}",
        "{{ 'x' | indent(secret('m')) }}",
        "{% for a, b in [secret('m') ~ ''] %}{% endfor %}",
        "{% for a in secret('m') | float %}{% endfor %}",
        "{% macro f() %}{% endmacro %}{{ f(**{secret('m'): 1}) }}",
        "{% macro f(a) %}{{ a }}{% endmacro %}{{ f(1, secret('m')) }}",
        "{{ secret('m') | default(x=secret('m')) }}",
        "{{ {}.x }}",
    ] {
        let fault = fault(source, &[("m", MARKER), ("b", &encoded)]);
        let debug = format!("{fault:?}");
        let failure = Failure::from(fault);
        let shown = format!("{debug} {} {}", failure.detail, failure.hint);
        assert!(
            !shown.contains(MARKER) && !shown.contains(&encoded),
            "{source}: {shown}"
        );
        assert!(
            failure.detail.starts_with("line 1 of the template: "),
            "{source}: {failure}"
        );
        assert!(!failure.hint.action().is_empty());
    }
}

#[test]
fn a_template_asks_for_nothing_that_was_not_given() {
    let fault = fault("{{ secret('other') }}", &[("x", MARKER)]);
    assert_eq!(
        *fault.fault,
        Fault::Missing(reference(ObjectKind::Secret, "other"))
    );
    let binary = rendered_of(
        "{{ secret('x') }}",
        vec![(reference(ObjectKind::Secret, "x"), secret_with([0xff]))],
    );
    assert_eq!(
        binary.expect_err("not text").to_string(),
        "line 1 of the template: the value of secret `x` is not UTF-8 text"
    );
}
