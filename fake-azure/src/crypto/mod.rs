//! Keys, certificates and PKCS #12, encoded by the fake itself: a decoder is judged by bytes that its own libraries
//! have not written.

pub(crate) mod der;
pub(crate) mod key;
pub(crate) mod pfx;
pub(crate) mod x509;

use crate::http::base64;

/// A PEM block (RFC 7468): lines of 64 characters.
pub(crate) fn pem(label: &str, der: &[u8]) -> String {
    let text = base64(der);
    let lines: Vec<&str> = text
        .as_bytes()
        .chunks(64)
        .filter_map(|line| std::str::from_utf8(line).ok())
        .collect();
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        lines.join("\n")
    )
}

/// All PEM blocks of a text with their labels.
pub(crate) fn read_pem(text: &str) -> Vec<(String, Vec<u8>)> {
    let mut blocks = Vec::new();
    let mut rest = text;
    while let Some((_, block)) = rest.split_once("-----BEGIN ") {
        let Some((label, body)) = block.split_once("-----") else {
            break;
        };
        let Some((body, after)) = body.split_once("-----END ") else {
            break;
        };
        if let Some(der) = crate::http::from_base64(body) {
            blocks.push((label.to_owned(), der));
        }
        rest = after;
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_as_pem_is_read_again() {
        let text = format!("{}{}", pem("A", &[1; 100]), pem("B C", &[2]));
        let blocks = [("A".to_owned(), vec![1; 100]), ("B C".to_owned(), vec![2])];
        assert_eq!(read_pem(&text), blocks);
        assert!(read_pem("-----BEGIN A-----\nAA").is_empty());
    }
}
