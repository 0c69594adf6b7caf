//! What is accepted, what is refused with its line, and that nothing is lost.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;

use super::*;

fn block(name: &str, content: &[u8]) -> String {
    format!(
        "-----BEGIN {name}-----\n{}\n-----END {name}-----\n",
        STANDARD.encode(content)
    )
}

fn contents(text: &str) -> Vec<(Kind, Vec<u8>)> {
    let blocks = blocks(text.as_bytes()).unwrap_or_else(|error| panic!("{text:?}: {error}"));
    blocks
        .iter()
        .map(|block| (block.kind, block.der.expose().to_vec()))
        .collect()
}

fn refused(text: &str) -> (usize, PemProblem) {
    match blocks(text.as_bytes()) {
        Ok(blocks) => panic!("{text:?} gave {blocks:?}"),
        Err(error) => (error.line, error.problem),
    }
}

#[test]
fn a_marker_is_accepted_where_its_meaning_is_certain() {
    let (one, two) = (block("CERTIFICATE", b"one"), block("CERTIFICATE", b"two"));
    let glued = one.trim_end().to_owned() + &two;
    assert!(glued.contains("-----END CERTIFICATE----------BEGIN CERTIFICATE-----"));
    let both = one.clone() + &two;
    for (name, text) in [
        ("byte order mark", format!("\u{feff}{both}")),
        (
            "two files with byte order marks",
            format!("\u{feff}{one}\u{feff}{two}"),
        ),
        ("two byte order marks", format!("\u{feff}\u{feff}{both}")),
        ("CRLF", both.replace('\n', "\r\n")),
        ("CR", both.replace('\n', "\r")),
        ("indent", both.replace('\n', "\n    ")),
        ("tab", both.replace('\n', "\n\t")),
        ("first indent", format!("  {both}")),
        ("no-break space", format!("\u{a0}{both}")),
        ("trailing blanks", both.replace('\n', "  \t\n")),
        ("no last line end", both.trim_end().to_owned()),
        ("glued markers", glued),
        ("one line", both.replace('\n', " ")),
        ("base64 glued to its markers", both.replace('\n', "")),
        ("blank lines", both.replace('\n', "\n\n")),
        (
            "text around",
            format!("subject=CN = a--b\n{one}\n 0 s:i:\n{two}---\nVerify: ok"),
        ),
    ] {
        assert_eq!(
            contents(&text),
            [
                (Kind::Certificate, b"one".to_vec()),
                (Kind::Certificate, b"two".to_vec())
            ],
            "{name}"
        );
    }
}

#[test]
fn text_around_blocks_may_be_of_any_character_set() {
    // An `openssl pkcs12 -nodes` file whose `friendlyName` is in Latin-1.
    let text = [
        b"Bag Attributes\n    friendlyName: Gr\xf6\xdfe\n",
        block("CERTIFICATE", b"one").as_bytes(),
    ]
    .concat();
    assert_eq!(blocks(&text).expect("readable").len(), 1);
}

#[test]
fn utf_16_with_a_byte_order_mark_is_read() {
    let text = format!("\u{feff}friendlyName: ö\r\n{}", block("CERTIFICATE", b"one"));
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    for bytes in [little, big] {
        assert!(is_pem(&bytes));
        assert_eq!(blocks(&bytes).expect("readable")[0].der.expose(), b"one");
    }
}

#[test]
fn what_looks_like_a_marker_and_is_none_is_an_error_with_its_line() {
    let one = block("CERTIFICATE", b"one");
    let two = block("CERTIFICATE", b"two");
    for (name, damaged) in [
        ("a quote", format!("\"{two}")),
        ("an apostrophe", format!("'{two}")),
        ("a key of YAML", format!("cert: {two}")),
        ("a comment sign", format!("# {two}")),
        ("a sign of mail", format!("> {two}")),
        ("four dashes", two.replace("-----", "----")),
        ("two dashes", two.replace("-----", "--")),
        ("six dashes", two.replace("-----", "------")),
        ("four dashes before", two.replace("-----BEGIN", "----BEGIN")),
        (
            "four dashes after",
            two.replacen("CERTIFICATE-----", "CERTIFICATE----", 1),
        ),
        ("lower case", two.to_lowercase()),
        ("mixed case", two.replace("BEGIN", "Begin")),
        ("a name in lower case", two.replace("CERTIFICATE", "certificate")),
        ("no blank", two.replace("BEGIN ", "BEGIN")),
        ("two blanks", two.replace("BEGIN ", "BEGIN  ")),
        (
            "a blank after the dashes",
            two.replace("-----BEGIN CERTIFICATE-----", "----- BEGIN CERTIFICATE -----"),
        ),
        (
            "a blank after the name",
            two.replace("CERTIFICATE-", "CERTIFICATE -"),
        ),
        ("no name", two.replace(" CERTIFICATE", "")),
        ("long dashes", two.replace("--", "\u{2014}")),
        ("a slip", two.replace("CERTIFICATE", "CERTIFCATE")),
        ("an END alone", "-----END CERTIFICATE-----\n".to_owned()),
        ("a text with marks", "--BEGIN--\n".to_owned()),
    ] {
        let (line, _) = refused(&(one.clone() + &damaged));
        assert_eq!(line, 4, "{name}");
        assert!(is_pem(damaged.as_bytes()), "{name}");
    }
}

#[test]
fn a_block_that_is_not_whole_is_an_error_with_its_line() {
    let one = block("CERTIFICATE", b"one");
    let open = "-----BEGIN CERTIFICATE-----\nAAAA\n";
    for (text, expected) in [
        (open.to_owned(), (1, PemProblem::NoEnd)),
        (open.to_owned() + &one, (1, PemProblem::NoEnd)),
        (
            format!("{one}{open}-----END PRIVATE KEY-----"),
            (6, PemProblem::OtherName),
        ),
        (
            one.clone() + "-----END CERTIFICATE-----",
            (4, PemProblem::NoBegin),
        ),
        (
            open.replace("AAAA", "A?AA") + "-----END CERTIFICATE-----",
            (1, PemProblem::Content),
        ),
        (
            open.replace("AAAA", "") + "-----END CERTIFICATE-----",
            (1, PemProblem::Content),
        ),
        (
            open.replace("AAAA", "\"AAAA") + "-----END CERTIFICATE-----",
            (1, PemProblem::Content),
        ),
        (one.replace('\n', "\\n"), (1, PemProblem::EscapedLineBreaks)),
        (
            format!("\"{}", one.replace('\n', "\\n")),
            (1, PemProblem::EscapedLineBreaks),
        ),
        (
            one.replace("CERTIFICATE", "PRIVATEKEY"),
            (1, PemProblem::Name { meant: "PRIVATE KEY" }),
        ),
    ] {
        assert_eq!(refused(&text), expected, "{text:?}");
    }
}

#[test]
fn well_formed_blocks_of_other_kinds_are_given_out_by_their_place() {
    let others = [
        "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n",
        "-----BEGIN PGP PUBLIC KEY BLOCK-----\nVersion: 1\n\nAAAA\n=abcd\n-----END PGP PUBLIC KEY BLOCK-----\n",
    ];
    let text = others.concat() + &block("X509 CERTIFICATE", b"one") + &block("PUBLIC KEY", b"two");
    let kinds: Vec<_> = contents(&text).into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, [Kind::Other, Kind::Other, Kind::Certificate, Kind::Other]);
}

#[test]
fn text_that_only_has_dashes_is_no_pem() {
    for text in [
        "",
        "hunter2",
        "a-b",
        "--",
        "az login --endpoint x",
        "--beginning",
        "-END",
        "the end",
        "depend--",
        "---\nkey: value\n---",
        "----- Begin of the chain -----",
    ] {
        assert!(!is_pem(text.as_bytes()), "{text:?}");
        assert_eq!(contents(text), [], "{text:?}");
    }
}

#[test]
fn an_encrypted_key_is_known_by_its_name_or_its_headers() {
    let old = "-----BEGIN RSA PRIVATE KEY-----\r\nProc-Type: 4,ENCRYPTED\r\nDEK-Info: AES-256-CBC,00\r\n\r\nAAAA\r\n-----END RSA PRIVATE KEY-----";
    let blocks = blocks(old.as_bytes()).expect("readable");
    assert_eq!(
        blocks[0].headers,
        ["Proc-Type: 4,ENCRYPTED", "DEK-Info: AES-256-CBC,00"]
    );
    assert_eq!(blocks[0].der.expose(), [0; 3]);
    assert!(blocks[0].is_encrypted());
    let new = super::blocks(block("ENCRYPTED PRIVATE KEY", b"x").as_bytes()).expect("readable");
    assert!(new[0].is_encrypted());
    let plain = super::blocks(block("PRIVATE KEY", b"x").as_bytes()).expect("readable");
    assert!(!plain[0].is_encrypted());
}

#[test]
fn certificates_and_keys_in_forms_that_are_not_read_are_named() {
    for (name, problem) in [
        ("TRUSTED CERTIFICATE", PemProblem::TrustedCertificate),
        ("PKCS7", PemProblem::Pkcs7),
        ("PKCS #7 SIGNED DATA", PemProblem::Pkcs7),
        ("CMS", PemProblem::Pkcs7),
        ("OPENSSH PRIVATE KEY", PemProblem::OpenSshKey),
        ("DSA PRIVATE KEY", PemProblem::OtherKey),
        ("ENCRYPTED PRIVATE KEY", PemProblem::EncryptedKey),
    ] {
        let blocks = blocks(block(name, b"x").as_bytes()).expect("readable");
        let error = blocks[0].unread().expect("it is not read");
        assert_eq!(error, PemError { line: 1, problem });
    }
}

#[test]
fn a_certificate_or_key_in_a_block_of_another_name_is_not_passed_over() {
    let short = [0x30, 0x09, 0x30, 0x07, 0xa0, 0x03, 0x02, 0x01, 0x02, 0x02, 0x00];
    let long = [
        0x30, 0x82, 0x01, 0x04, 0x30, 0x81, 0xff, 0xa0, 0x03, 0x02, 0x01, 0x02, 0x02,
    ];
    let certificate = PemProblem::Misnamed {
        held: "a certificate",
        meant: "CERTIFICATE",
    };
    for name in [
        "SERVER CERTIFICATE",
        "CERT",
        "CRT",
        "EC PARAMETERS",
        "CERTIFICATE REQUEST",
    ] {
        for der in [&short[..], &long] {
            let text = block("CERTIFICATE", b"one") + &block(name, der);
            assert_eq!(refused(&text), (4, certificate), "{name}");
        }
    }
    for (meant, der) in [
        ("PRIVATE KEY", [0x30, 0x06, 0x02, 0x01, 0x00, 0x30, 0x01, 0x00]),
        (
            "RSA PRIVATE KEY",
            [0x30, 0x06, 0x02, 0x01, 0x00, 0x02, 0x01, 0x03],
        ),
        ("EC PRIVATE KEY", [0x30, 0x06, 0x02, 0x01, 0x01, 0x04, 0x01, 0x03]),
    ] {
        let held = "a private key";
        assert_eq!(
            refused(&block("SERVER KEY", &der)),
            (1, PemProblem::Misnamed { held, meant })
        );
    }
    for (name, der) in [
        ("EC PARAMETERS", &[0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22][..]),
        ("DH PARAMETERS", &[0x30, 0x06, 0x02, 0x01, 0x17, 0x02, 0x01, 0x02]),
        ("CERTIFICATE REQUEST", &[0x30, 0x05, 0x30, 0x03, 0x02, 0x01, 0x00]),
        ("X509 CRL", &[0x30, 0x05, 0x30, 0x03, 0x02, 0x01, 0x01]),
        ("PUBLIC KEY", &[0x30, 0x04, 0x30, 0x02, 0x06, 0x00]),
        ("ANYTHING", b"text"),
        ("EMPTY", b""),
        ("CUT", &[0x30, 0x84, 0x30]),
    ] {
        assert_eq!(contents(&block(name, der)), [(Kind::Other, Vec::new())], "{name}");
    }
}

#[test]
fn a_cut_marker_that_is_glued_into_a_block_that_nobody_reads_is_an_error() {
    let text = "-----BEGIN EC PARAMETERS-----\n--BEGIN CERTIFICATE-----END EC PARAMETERS-----\n";
    let problem = PemProblem::Marker;
    assert_eq!(blocks(text.as_bytes()), Err(PemError { line: 2, problem }));
}

/// A line of a text: a marker, well written or nearly so, base64, or anything.
fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "-----(BEGIN|END) (CERTIFICATE|PRIVATE KEY|EC PARAMETERS)-----",
        2 => "[ \t\u{feff}\"#]{0,2}-{0,6}(BEGIN|END|Begin|end) ?(CERTIFICATE|CERTIFICAT|X) ?-{0,6}",
        3 => "[A-D]{4}",
        1 => "[ -~]{0,9}",
    ]
}

proptest! {
    #[test]
    fn every_line_that_looks_like_a_marker_is_part_of_a_block_or_an_error(
        lines in prop::collection::vec((line(), prop_oneof![Just("\n"), Just("\r\n"), Just("")]), 0..9)
    ) {
        let text: String = lines.iter().flat_map(|(line, end)| [line.as_str(), end]).collect();
        if let Ok(blocks) = blocks(text.as_bytes()) {
            let count = |word: &str| text.to_ascii_uppercase().matches(word).count();
            // What touches BEGIN or END with two dashes is one half of a block.
            prop_assert_eq!(count("--BEGIN "), blocks.len(), "{:?}", text);
            prop_assert_eq!(count("--END "), blocks.len(), "{:?}", text);
            prop_assert_eq!(is_pem(text.as_bytes()), !blocks.is_empty(), "{:?}", text);
        }
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes: Vec<u8>, at in 0..99_usize, byte: u8) {
        let _ = (is_pem(&bytes), blocks(&bytes));
        let mut text = block("CERTIFICATE", &bytes).into_bytes();
        let at = at % text.len();
        text[at] = byte;
        let _ = (is_pem(&text), blocks(&text));
    }
}
