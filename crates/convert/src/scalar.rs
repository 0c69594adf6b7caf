//! Single values that the tools have in common: modes and versions.

use super::note::quoted;
use domain::desired::VersionPolicy;
use domain::mode::FileMode;
use domain::object::VersionId;
use manifest::rules;

/// The mode that a text stands for, and a remark when it is not the same. `setting` is what the tool calls it.
pub(super) fn mode(text: &str, setting: &str) -> (FileMode, Option<String>) {
    if let Some(mode) = rules::file_mode(text) {
        return (mode, None);
    }
    match u32::from_str_radix(text, 8) {
        Ok(bits) if bits & 0o7777 == bits => {
            let mode = FileMode::from_bits(bits | 0o400);
            let reason = format!(
                "{setting} {} became \"{mode}\": permission bits alone, and its owner reads it",
                quoted(text)
            );
            (mode, Some(reason))
        }
        _ => {
            let reason = format!(
                "{setting} {} is not an octal mode; \"0400\" stands for it",
                quoted(text)
            );
            (FileMode::from_bits(0o400), Some(reason))
        }
    }
}

/// The version that a text names in any case; `setting` is what the tool calls it.
pub(super) fn version(text: &str, setting: &str) -> Result<VersionPolicy, String> {
    VersionId::parse(&text.to_ascii_lowercase())
        .map(VersionPolicy::Exact)
        .map_err(|_| format!("its {setting} is {}, not a version", quoted(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mode_never_widens_beyond_what_its_owner_needs() {
        let bits = |text| mode(text, "mode").0.bits();
        assert_eq!(bits("0640"), 0o640);
        assert_eq!(bits("1644"), 0o644);
        assert_eq!(bits("44"), 0o444);
        assert_eq!(bits("0"), 0o400);
        for bad in ["", "rw-r--r--", "0o644", "899", "100644", "99999999999"] {
            assert_eq!(bits(bad), 0o400, "{bad}");
            assert!(mode(bad, "mode").1.is_some());
        }
    }
}
