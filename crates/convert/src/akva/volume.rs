//! Where the files go: the agent writes anywhere, a manifest into one volume.

use super::worker::Worker;
use crate::draft::Volume;
use crate::note::{Notes, quoted};
use domain::mode::{FileMode, Principal};
use manifest::rules;

/// The volume of files that have no directory in common.
const VOLUME_PATH: &str = "/mnt/akv";
/// Directories that belong to the system. A volume is published by links in its root, which is not for these.
const SHARED: [&str; 12] = [
    "", "/etc", "/home", "/mnt", "/opt", "/root", "/run", "/srv", "/tmp", "/usr", "/var", "/var/run",
];

/// How the agent's paths lie in the volume.
pub(super) struct Place {
    volume: String,
    /// What paths lose at their start.
    prefix: String,
}

impl Place {
    /// The deepest directory of all files, if it can be a volume.
    pub(super) fn of(workers: &[Worker<'_>], notes: &Notes) -> Self {
        let sinks = workers.iter().flat_map(|worker| &worker.sinks);
        let paths: Vec<String> = sinks.filter_map(|sink| sink.text_of("path")).map(clean).collect();
        let common =
            common_directory(&paths).filter(|path| !SHARED.contains(path) && rules::is_absolute_path(path));
        if let Some(common) = common {
            let reason = format!(
                "{}, where all sinks are; akv-sync needs this directory to itself",
                quoted(common)
            );
            notes.assumed("volume.path", reason);
            return Self {
                volume: common.to_owned(),
                prefix: format!("{common}/"),
            };
        }
        let reason = format!(
            "`{VOLUME_PATH}`: the sinks have no directory of their own in common; their paths are below it now, and \
             programs have to look there"
        );
        notes.assumed("volume.path", reason);
        Self {
            volume: VOLUME_PATH.to_owned(),
            prefix: "/".to_owned(),
        }
    }

    /// A path of the agent as one in the volume.
    pub(super) fn relative(&self, path: &str) -> String {
        let path = clean(path);
        path.strip_prefix(&self.prefix)
            .map_or(path.clone(), str::to_owned)
    }
}

/// The path without empty and `.` elements.
fn clean(path: &str) -> String {
    let start = if path.starts_with('/') { "/" } else { "" };
    let elements: Vec<&str> = path
        .split('/')
        .filter(|element| !matches!(*element, "" | "."))
        .collect();
    format!("{start}{}", elements.join("/"))
}

/// The deepest directory that holds all of these files; `None` when there is none, or not all paths are absolute.
fn common_directory(paths: &[String]) -> Option<&str> {
    let (first, others) = paths.split_first()?;
    let mut common = first
        .starts_with('/')
        .then(|| first.rsplit_once('/'))?
        .map(|(directory, _)| directory)?;
    for other in others {
        while !other
            .strip_prefix(common)
            .is_some_and(|rest| rest.starts_with('/'))
        {
            common = common.rsplit_once('/')?.0;
        }
    }
    Some(common)
}

/// The volume: its path, and the one owner and group that its files have.
pub(super) fn read(place: Place, workers: &[Worker<'_>], notes: &Notes) -> Volume {
    let modes =
        "`0644` and `0755`, as the agent has them; without both keys only the owner and group can read";
    notes.assumed("volume.fileMode, volume.dirMode", modes);
    Volume {
        path: place.volume,
        file_mode: FileMode::from_bits(0o644),
        dir_mode: FileMode::from_bits(0o755),
        owner: principal("owner", workers, notes),
        group: principal("group", workers, notes),
    }
}

fn principal(key: &str, workers: &[Worker<'_>], notes: &Notes) -> Option<Principal> {
    let sinks = workers.iter().flat_map(|worker| &worker.sinks);
    let mut names: Vec<Option<&str>> = sinks.map(|sink| sink.text_of(key)).collect();
    names.sort_unstable();
    names.dedup();
    let name = match names.as_slice() {
        [] | [None] => return None,
        [Some(name)] => *name,
        _ => {
            notes.not_carried(
                key,
                format!("the sinks have different ones, a volume has one; set `volume.{key}`"),
            );
            return None;
        }
    };
    let principal = rules::principal(name);
    match principal {
        Some(_) => {
            let reason = "for all files; only root, or a process with CAP_CHOWN, can give files away";
            notes.assumed(format!("volume.{key}"), reason);
        }
        None => notes.not_carried(key, format!("{} is not a name of a user or group", quoted(name))),
    }
    principal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_common_directory_ends_at_a_whole_element() {
        let common = |paths: &[&str]| {
            let paths: Vec<String> = paths.iter().map(|path| clean(path)).collect();
            common_directory(&paths).map(str::to_owned)
        };
        assert_eq!(
            common(&["/etc/nginx/a", "/etc/nginx/certs//b"]).as_deref(),
            Some("/etc/nginx")
        );
        assert_eq!(
            common(&["/etc/nginx/a", "/etc/nginx2/b"]).as_deref(),
            Some("/etc")
        );
        assert_eq!(common(&["/a", "/b/c"]).as_deref(), Some(""));
        assert_eq!(common(&["./a", "/b"]), None);
        assert_eq!(common(&[]), None);
    }
}
