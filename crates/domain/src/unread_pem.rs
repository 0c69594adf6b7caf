//! What to do when a PEM text that a person stored or named cannot be read.

use encoding::pem::{PemError, PemProblem};

/// The next action of the person who reads the error.
pub const fn hint(error: &PemError) -> &'static str {
    match error.problem {
        PemProblem::Marker => {
            "such a line is five dashes, BEGIN or END, the name in capitals and five dashes, with nothing else \
             beside it: `-----BEGIN CERTIFICATE-----`; copy the text again"
        }
        PemProblem::EscapedLineBreaks => {
            "store the text with real line breaks: `az keyvault secret set --file FILE` keeps them"
        }
        PemProblem::Name { .. } | PemProblem::Misnamed { .. } => {
            "correct the name in its BEGIN and END lines"
        }
        PemProblem::NoEnd | PemProblem::NoBegin | PemProblem::OtherName => {
            "each block needs its BEGIN and its END line, of one name; copy the whole text again"
        }
        PemProblem::Content => {
            "between BEGIN and END stands standard base64; copy the block again, whole and without other characters"
        }
        PemProblem::EncryptedKey => {
            "store the key without a password (`openssl pkey -in KEY -out NEWKEY`), or import the certificate into \
             Key Vault"
        }
        PemProblem::OpenSshKey => {
            "convert a copy of the key, which `ssh-keygen` writes over: `cp KEY NEWKEY`, then `ssh-keygen -p -m PKCS8 \
             -f NEWKEY`; store the copy"
        }
        PemProblem::OtherKey => "store the key as PKCS#8: `openssl pkey -in KEY -out NEWKEY`",
        PemProblem::TrustedCertificate => {
            "write it as a plain certificate with `openssl x509 -in FILE`, and store that"
        }
        PemProblem::Pkcs7 => {
            "take its certificates out with `openssl pkcs7 -print_certs -in FILE`, and store them"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_under_another_name_is_renamed_and_an_encrypted_key_written_anew() {
        let hint = |problem| hint(&PemError { line: 1, problem });
        let misnamed = PemProblem::Misnamed {
            held: "a certificate",
            meant: "CERTIFICATE",
        };
        assert_eq!(hint(misnamed), "correct the name in its BEGIN and END lines");
        assert!(hint(PemProblem::EncryptedKey).contains("openssl pkey -in KEY -out NEWKEY"));
    }
}
