//! Fuzzing of what reads bytes from outside; `testing::fuzz` says how.

use encoding::{TextEncoding, pem, typed, yaml};
use testing::certificates::{pem as block, self_signed};
use testing::fuzz::fuzz;

fn text() -> Vec<u8> {
    let issued = self_signed("alone");
    let blocks = block("CERTIFICATE", &issued.der) + &block("PRIVATE KEY", &issued.key);
    blocks.into_bytes()
}

#[test]
fn a_pem_text_of_any_bytes_is_read_or_refused_with_its_line() {
    fuzz("pem", &[text()], |bytes| match pem::blocks(bytes) {
        Ok(blocks) => assert!(
            blocks.is_empty() || pem::is_pem(bytes),
            "a text with blocks is one of PEM"
        ),
        Err(error) => assert!(error.line > 0),
    });
}

#[test]
fn base64_and_hexadecimal_text_of_any_bytes_is_decoded_or_refused() {
    let seeds = [b"MIIBAgME/+8=\n".to_vec(), b"0x30:82 01ff\n".to_vec()];
    fuzz("text-encoding", &seeds, |bytes| {
        for encoding in [TextEncoding::Base64, TextEncoding::Hex] {
            if let Ok(decoded) = encoding.decode(bytes) {
                assert!(decoded.len() <= bytes.len());
            }
        }
        assert!(typed::value(bytes).len() <= bytes.len());
    });
}

#[test]
fn the_pieces_of_any_text_are_parts_of_it() {
    let seeds = [b"a: b\n---\n# c\nd: |\n  e\n".to_vec()];
    fuzz("yaml-pieces", &seeds, |bytes| {
        let text = String::from_utf8_lossy(bytes);
        let length: usize = yaml::pieces(&text).iter().map(|(_, piece)| piece.len()).sum();
        assert!(length <= text.len());
    });
}
