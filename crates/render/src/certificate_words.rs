//! What the errors of the crate `keystore` mean to somebody who stores values in Key Vault: in its words, and what to do.

use keystore::certificate::{CertificateError, Found, PfxError};

use domain::unread_pem;

/// What is wrong. The crate says `declared` of what `contentType` and the tag `file-encoding` say.
pub(super) fn message(error: &CertificateError) -> String {
    match error {
        CertificateError::NotBase64 => {
            "contentType is `application/x-pkcs12`, and the value is not the base64 text of a PFX".to_owned()
        }
        CertificateError::NotPem => {
            "contentType is `application/x-pem-file`, and the value has no PEM block".to_owned()
        }
        CertificateError::UnknownFormat => {
            "the value is neither PEM text nor the base64 text of a PFX, and contentType does not name one of them"
                .to_owned()
        }
        CertificateError::OtherForm { found: Found::Pem } => {
            "the value is PEM text, and contentType says `application/x-pkcs12`".to_owned()
        }
        CertificateError::TextEncoding { encoding, problem } => {
            format!("the secret has the tag `file-encoding: {encoding}`, and {problem}")
        }
        other => other.to_string(),
    }
}

/// The next action of the person who reads the error.
pub(super) fn hint(error: &CertificateError) -> &'static str {
    match error {
        CertificateError::Pfx(error) => pfx_hint(error),
        CertificateError::Pem(error) => unread_pem::hint(error),
        CertificateError::OtherForm { found } => found_hint(*found),
        CertificateError::TextEncoding { .. } => {
            "remove the tag, or store the file again with `az keyvault secret set --file FILE --encoding ENCODING`"
        }
        CertificateError::ExplicitCurve { .. } => {
            "name the curve: `openssl ec -in KEY -param_enc named_curve -out NEWKEY` mends a key; make the certificate \
             again from the mended key, and import both"
        }
        CertificateError::NotBase64 | CertificateError::NotPem => {
            "set the secret's contentType to what the value is, or remove it: without one the value decides; list the \
             object under `secrets` if it is not a certificate"
        }
        CertificateError::UnknownFormat => "list the object under `secrets` if it is not a certificate",
        CertificateError::NoCertificate { .. } => "store the certificate beside its key, in the same value",
        CertificateError::TooManyCertificates { .. } => "store the certificate with its own chain only",
        CertificateError::MalformedCertificate { .. } | CertificateError::MalformedKey { .. } => {
            "check the value with `openssl pkcs12 -info` or `openssl x509 -text`, and import it again"
        }
        CertificateError::KeyWithoutCertificate { .. } => {
            "import the certificate together with the key that it was made for"
        }
        CertificateError::LeafUnclear { .. } => "import the certificate again without the other certificates",
    }
}

fn found_hint(found: Found) -> &'static str {
    match found {
        Found::Nothing => "store the certificate in it",
        Found::Hex => {
            "store the base64 text of the same bytes (`xxd -r -p FILE | base64`, without `0x`), or give the secret the tag \
             `file-encoding: hex`"
        }
        Found::Base64Twice | Found::Base64OfPem => {
            "decode it once (`base64 -d`) and store the result, or give the secret the tag `file-encoding: base64`"
        }
        Found::Pkcs7 => {
            "take the certificates out with `openssl pkcs7 -inform der -print_certs` and store them as PEM, with \
             the private key"
        }
        Found::Certificate => {
            "store it as PEM (`openssl x509 -inform der -in FILE`), with its private key if one is wanted"
        }
        Found::PrivateKey => "store it as PEM (`openssl pkey -inform der -in FILE`), with its certificate",
        Found::PublicKey => {
            "store the certificate in it; a public key alone is listed under `keys`, from a key of the vault"
        }
        Found::Request => {
            "give it to the authority, and store the certificate that comes back: `az keyvault certificate pending merge`"
        }
        Found::Pem => {
            "set the secret's contentType to `application/x-pem-file`, or remove it: without one the value decides"
        }
        Found::Jks => {
            "make a PFX of it, `keytool -importkeystore -srckeystore FILE -destkeystore NEW -deststoretype pkcs12`, and \
             import that; akv-sync writes a Java key store with `content: jks`"
        }
        Found::File(_) => "store the certificate itself: as PEM, or as the base64 text of a PFX",
        Found::Utf16 => {
            "save the file as UTF-8, or encode the PFX itself (`base64 FILE`): PowerShell's `>` writes UTF-16"
        }
        Found::Unpadded => "add the `=` at its end that were cut off, up to a multiple of four characters",
        Found::UrlSafe => {
            "store standard base64: `+` in place of `-`, `/` in place of `_`, and `=` at its end"
        }
        Found::Quoted => "store it without the quotes",
        Found::DataUrl => "store what follows the comma, as base64 text",
    }
}

fn pfx_hint(error: &PfxError) -> &'static str {
    match error {
        PfxError::Malformed { .. } | PfxError::TooDeep { .. } => {
            "check the value with `openssl pkcs12 -info -passin pass:`, and import the certificate again"
        }
        PfxError::TooMuchWork { .. } | PfxError::Unsupported { .. } => {
            "export the PFX again with AES-256, PBKDF2 and a SHA-256 MAC (the default of OpenSSL 3), \
             with an empty password, or import it into Key Vault as a certificate"
        }
        PfxError::Password | PfxError::Undecryptable { .. } => {
            "import the PFX into Key Vault as a certificate, giving its password there, \
             or export it again with an empty password"
        }
    }
}

#[cfg(test)]
mod tests {
    use encoding::TextEncoding;
    use keystore::certificate::Form;

    use super::*;

    fn error(value: &str, form: Option<Form>) -> CertificateError {
        match keystore::certificate::read(value.as_bytes(), form) {
            Ok(_) => panic!("the value was read"),
            Err(error) => error,
        }
    }

    #[test]
    fn what_is_declared_is_called_as_key_vault_calls_it() {
        let pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        for (value, form, word) in [
            (
                "changeit",
                Some(Form::Pfx),
                "contentType is `application/x-pkcs12`",
            ),
            (
                "changeit",
                Some(Form::Pem),
                "contentType is `application/x-pem-file`",
            ),
            ("changeit", None, "contentType does not name one"),
            (pem, Some(Form::Pfx), "contentType says `application/x-pkcs12`"),
        ] {
            let error = error(value, form);
            assert!(message(&error).contains(word), "{}", message(&error));
            assert!(
                !message(&error).contains("declared") && !hint(&error).is_empty(),
                "{value}"
            );
        }
        let problem = encoding::hex(b"0").expect_err("half a byte");
        let encoding = TextEncoding::Hex;
        let error = CertificateError::TextEncoding { encoding, problem };
        assert!(message(&error).starts_with("the secret has the tag `file-encoding: hex`, and "));
    }

    #[test]
    fn explicit_ec_parameters_come_with_the_command_that_mends_them() {
        let error = CertificateError::ExplicitCurve {
            part: "private key",
            number: 1,
            of: 1,
        };
        assert!(hint(&error).contains("openssl ec -in KEY -param_enc named_curve"));
    }
}
