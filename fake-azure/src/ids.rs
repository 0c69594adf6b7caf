//! Identifiers: fixed ones for the directory, random ones for versions and requests.

use ring::rand::{SecureRandom, SystemRandom};

/// The directory (tenant) that the vaults trust.
pub const TENANT_ID: &str = "00000000-0000-0000-0000-000000000001";
/// The application that has every role.
pub const CLIENT_ID: &str = "00000000-0000-0000-0000-000000000002";
/// The object id of the application's service principal, and of the user-assigned identity.
pub const OBJECT_ID: &str = "00000000-0000-0000-0000-000000000003";
/// The subscription that refusals name.
pub const SUBSCRIPTION_ID: &str = "00000000-0000-0000-0000-000000000004";
/// A directory whose tokens are well formed, but which no vault trusts.
pub const FOREIGN_TENANT_ID: &str = "00000000-0000-0000-0000-000000000009";

/// Random bytes from the system.
pub(crate) fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    SystemRandom::new()
        .fill(&mut bytes)
        .expect("the system has random bytes");
    bytes
}

/// A version of an object: 32 hexadecimal digits.
pub(crate) fn version_id() -> String {
    hex(&random_bytes::<16>())
}

/// A GUID for a request, a trace or a correlation.
pub(crate) fn guid() -> String {
    let digits = version_id();
    format!(
        "{}-{}-{}-{}-{}",
        &digits[..8],
        &digits[8..12],
        &digits[12..16],
        &digits[16..20],
        &digits[20..]
    )
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_and_guids_have_the_shapes_of_azure() {
        assert_eq!(version_id().len(), 32);
        assert_eq!(
            guid().split('-').map(str::len).collect::<Vec<_>>(),
            [8, 4, 4, 4, 12]
        );
        assert_ne!(version_id(), version_id());
    }
}
