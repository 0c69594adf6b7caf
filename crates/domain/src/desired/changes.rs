//! What of a manifest may change while the program runs.

use super::SyncSpec;

/// Why a manifest cannot take the place of another one without a restart; nothing when it can.
pub fn needs_restart(old: &SyncSpec, new: &SyncSpec) -> Vec<&'static str> {
    let fixed = [
        (
            old.volume.path != new.volume.path,
            "`volume.path` cannot change while akv-sync runs: restart it",
        ),
        (
            old.volume.layout != new.volume.layout,
            "`volume.layout` cannot change while akv-sync runs: restart it",
        ),
        (
            old.admin != new.admin,
            "`admin` cannot change while akv-sync runs: restart it",
        ),
    ];
    let changed = fixed.into_iter().filter(|(changed, _)| *changed);
    changed.map(|(_, reason)| reason).collect()
}
