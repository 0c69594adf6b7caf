//! Why a PEM text cannot be read.

/// Why a PEM text cannot be read, and where. It holds no byte of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the PEM text {problem}")]
pub struct PemError {
    /// Which line, from 1.
    pub line: usize,
    /// What is wrong there.
    pub problem: PemProblem,
}

/// What is wrong with a line of a PEM text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PemProblem {
    /// Dashes, BEGIN or END, and yet no marker.
    #[error("looks like the BEGIN or END line of a block and is not written like one")]
    Marker,
    /// The line breaks are the two characters `\` and `n`.
    #[error("has its line breaks as the two characters `\\n`")]
    EscapedLineBreaks,
    /// A name that is nearly one that is read.
    #[error("names its block nearly, but not, `{meant}`")]
    Name {
        /// The name that is read.
        meant: &'static str,
    },
    /// A block of a name that is not read, with what is looked for in it.
    #[error("begins a block that holds {held} and is not called `{meant}`")]
    Misnamed {
        /// What it holds.
        held: &'static str,
        /// The name that is read.
        meant: &'static str,
    },
    /// A block that does not end before the text or the next block.
    #[error("begins a block that has no END line")]
    NoEnd,
    /// An end without a beginning.
    #[error("ends a block that has no BEGIN line")]
    NoBegin,
    /// An end of another name.
    #[error("ends a block under another name than it began with")]
    OtherName,
    /// What is between the markers is no base64, or nothing.
    #[error("begins a block without valid base64 in it")]
    Content,
    /// A private key that needs a password.
    #[error("begins a private key that is encrypted")]
    EncryptedKey,
    /// A private key of OpenSSH.
    #[error("begins a private key of OpenSSH's own form, which is not read")]
    OpenSshKey,
    /// A private key under a name that is not known.
    #[error("begins a private key of a form that is not read")]
    OtherKey,
    /// OpenSSL's own form of a certificate.
    #[error("begins a `TRUSTED CERTIFICATE`, OpenSSL's own form, which is not read")]
    TrustedCertificate,
    /// Certificates in a PKCS#7 structure.
    #[error("begins a PKCS#7 structure, which is not read")]
    Pkcs7,
}
