//! OpenSSL, and the keys and certificates that it makes.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use akv_sync::domain::desired::{BundleOrder, CertificateContent, KeyForm};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tempfile::TempDir;

use super::render::{PKCS8, parts};

/// A directory with keys and certificates that OpenSSL made.
pub(crate) struct OpenSsl {
    directory: TempDir,
}

impl OpenSsl {
    /// `None` when there is no OpenSSL.
    pub(crate) fn find() -> Option<Self> {
        if let Err(error) = Command::new("openssl").arg("version").output() {
            println!("SKIPPED: no `openssl` in PATH ({error}); nothing was compared with OpenSSL");
            return None;
        }
        Some(Self {
            directory: tempfile::tempdir().expect("a temporary directory"),
        })
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn output(&self, line: &str) -> Output {
        Command::new("openssl")
            .args(line.split_whitespace())
            .current_dir(&self.directory)
            .output()
            .expect("openssl was there a moment ago")
    }

    /// Runs a line of arguments in the directory; gives what it printed, or what it complained of.
    pub(crate) fn try_run(&self, line: &str) -> Result<Vec<u8>, String> {
        let output = self.output(line);
        if output.status.success() {
            Ok(output.stdout)
        } else {
            let complaints = String::from_utf8_lossy(&output.stderr);
            Err(format!("openssl {line}: {complaints}"))
        }
    }

    pub(crate) fn run(&self, line: &str) -> Vec<u8> {
        self.try_run(line).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Runs a line that must succeed; gives what it said beside its output.
    pub(crate) fn messages(&self, line: &str) -> String {
        let output = self.output(line);
        let messages = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "openssl {line}: {messages}");
        messages
    }

    /// Makes `KEY.key` (PKCS#8) and `KEY.pem`, issued by `ISSUER`, or by itself.
    pub(crate) fn make(&self, name: &str, algorithm: &str, issuer: Option<&str>) {
        self.run(&format!("genpkey {algorithm} -out {name}.key"));
        let extensions = format!("{name}.cnf");
        let authority = if name == "leaf" { "FALSE" } else { "TRUE" };
        fs::write(
            self.path(&extensions),
            format!("basicConstraints=CA:{authority}\n"),
        )
        .expect("writable");
        self.run(&format!(
            "req -new -key {name}.key -subj /CN={name} -out {name}.csr"
        ));
        let signer = match issuer {
            Some(issuer) => format!("-CA {issuer}.pem -CAkey {issuer}.key -CAcreateserial"),
            None => format!("-signkey {name}.key"),
        };
        self.run(&format!(
            "x509 -req -in {name}.csr -days 30 -extfile {extensions} {signer} -out {name}.pem"
        ));
    }

    /// Root, intermediate and leaf with the given algorithms for authorities and leaf.
    pub(crate) fn make_line(&self, authorities: &str, leaf: &str) {
        self.make("root", authorities, None);
        self.make("middle", authorities, Some("root"));
        self.make("leaf", leaf, Some("middle"));
        let others = [self.read("root.pem"), self.read("middle.pem")].concat();
        fs::write(self.path("others.pem"), others).expect("writable");
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).expect("OpenSSL wrote it")
    }

    /// The leaf's PFX as text, made with `options`.
    pub(crate) fn try_pfx(&self, options: &str) -> Result<String, String> {
        let line = format!(
            "pkcs12 -export -inkey leaf.key -in leaf.pem -certfile others.pem -name web -out leaf.pfx {options}"
        );
        self.try_run(&line)?;
        Ok(STANDARD.encode(self.read("leaf.pfx")))
    }

    /// The key that OpenSSL finds in a recorded PFX.
    pub(crate) fn recorded_key(&self, value: &str) -> Option<Vec<u8>> {
        fs::write(self.path("recorded.pfx"), STANDARD.decode(value).expect("base64")).expect("writable");
        let read =
            self.try_run("pkcs12 -in recorded.pfx -legacy -nocerts -noenc -passin pass: -out recorded.key");
        if let Err(error) = read {
            println!("SKIPPED: {error}");
            return None;
        }
        Some(self.run("pkcs8 -topk8 -nocrypt -in recorded.key"))
    }

    /// Whether the leaf's parts come out of `value` as OpenSSL writes them.
    pub(crate) fn assert_parts(&self, value: &str, content_type: &str, context: &str) {
        let key = self.run("pkcs8 -topk8 -nocrypt -in leaf.key");
        let full_chain = [self.read("leaf.pem"), self.read("middle.pem")].concat();
        let bundle = CertificateContent::Bundle {
            order: BundleOrder::KeyLast,
            form: KeyForm::Pkcs8,
            root: false,
        };
        let (wanted, expected): (Vec<_>, Vec<_>) = [
            (PKCS8, key.clone()),
            (CertificateContent::Leaf, self.read("leaf.pem")),
            (CertificateContent::Chain { root: false }, self.read("middle.pem")),
            (CertificateContent::FullChain { root: false }, full_chain.clone()),
            (
                CertificateContent::Der,
                self.run("x509 -in leaf.pem -outform DER"),
            ),
            (bundle, [full_chain, key].concat()),
        ]
        .into_iter()
        .unzip();
        let found = parts(value.to_owned(), content_type, wanted.clone(), "");
        let found = found.unwrap_or_else(|error| panic!("{context}: {error}"));
        for ((wanted, expected), found) in wanted.iter().zip(expected).zip(found) {
            assert!(found == expected, "{context}: {wanted:?}");
        }
    }
}

pub(crate) const RSA: &str = "-algorithm RSA -pkeyopt rsa_keygen_bits:2048";

pub(crate) fn ec(curve: &str) -> String {
    format!("-algorithm EC -pkeyopt ec_paramgen_curve:{curve} -pkeyopt ec_param_enc:named_curve")
}
