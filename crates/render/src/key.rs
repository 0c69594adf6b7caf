//! The files of a public key.

use encoding::SecretBytes;
use keystore::key::PublicKey;

use super::error::RenderFault;
use domain::desired::KeyFormat;
use domain::object::ObjectName;
use domain::path::RelativePath;

/// Takes a public key, the name of its object and the wanted form; gives the bytes of the file at `path`.
pub(super) fn render(
    format: KeyFormat,
    key: &PublicKey,
    name: &ObjectName,
    path: &RelativePath,
) -> Result<SecretBytes, RenderFault> {
    Ok(match format {
        KeyFormat::Pem => key.pem()?.into(),
        KeyFormat::Der => SecretBytes::new(key.spki()?),
        KeyFormat::Jwk => key.jwk()?.into(),
        KeyFormat::Ssh => {
            let line = key.ssh(name.as_str())?;
            let line = line.ok_or_else(|| RenderFault::NoSshForm { path: path.clone() })?;
            format!("{line}\n").into()
        }
    })
}
