//! Paths at which a volume would hide what the system or its programs have there.
//!
//! A directory that exists for what administrators add, such as `/etc/APP` and `/var/lib/APP`, is no such path; it is the one
//! above it that is.

use std::path::{Path, PathBuf};

use crate::field::{Required, Text};
use crate::problem::{Code, Problem, Sink};
use crate::scalar::AbsolutePath;

/// Directories of the Filesystem Hierarchy Standard 3.0 and of Linux in which others have directories of their own, or in which
/// programs look for files of others.
const SHARED: &[&str] = &[
    "/etc",
    "/home",
    "/opt",
    "/root",
    "/run",
    "/tmp",
    "/usr",
    "/var",
    "/dev/shm",
    "/etc/ca-certificates",
    "/etc/default",
    "/etc/kubernetes",
    "/etc/pki",
    "/etc/pki/ca-trust",
    "/etc/pki/tls",
    "/etc/pki/tls/certs",
    "/etc/pki/tls/private",
    "/etc/ssh",
    "/etc/ssl",
    "/etc/ssl/certs",
    "/etc/ssl/private",
    "/run/lock",
    "/run/secrets/kubernetes.io",
    "/run/user",
    "/usr/lib",
    "/usr/lib32",
    "/usr/lib64",
    "/usr/libexec",
    "/usr/local",
    "/usr/local/etc",
    "/usr/local/lib",
    "/usr/local/share",
    "/usr/local/share/ca-certificates",
    "/usr/share",
    "/usr/share/ca-certificates",
    "/usr/src",
    "/var/cache",
    "/var/lib",
    "/var/local",
    "/var/log",
    "/var/mail",
    "/var/opt",
    "/var/spool",
    "/var/tmp",
];

/// Directories that are the system's with all that is below.
const OWN: &[&str] = &[
    "/bin",
    "/boot",
    "/dev",
    "/lib",
    "/lib32",
    "/lib64",
    "/proc",
    "/sbin",
    "/sys",
    "/etc/apk",
    "/etc/apt",
    "/etc/cron.d",
    "/etc/init.d",
    "/etc/ld.so.conf.d",
    "/etc/pam.d",
    "/etc/profile.d",
    "/etc/security",
    "/etc/skel",
    "/etc/sudoers.d",
    "/etc/sysctl.d",
    "/etc/systemd",
    "/run/containerd",
    "/run/secrets/kubernetes.io/serviceaccount",
    "/run/systemd",
    "/usr/bin",
    "/usr/include",
    "/usr/local/bin",
    "/usr/local/sbin",
    "/usr/sbin",
    "/var/lib/containerd",
    "/var/lib/docker",
    "/var/lib/dpkg",
    "/var/lib/kubelet",
    "/var/lib/rpm",
    "/var/spool/cron",
];

/// Whether a volume at this path would hide what others have there.
fn is_of_system(path: &Path) -> bool {
    let path = without_link(path);
    // Shared memory is a device by its place only.
    let may_be_below = !path.starts_with("/dev/shm");
    SHARED.iter().any(|known| path == Path::new(known))
        || (may_be_below && OWN.iter().any(|known| path.starts_with(known)))
}

/// `/var/run` and `/var/lock` are links to directories of `/run`.
fn without_link(path: &Path) -> PathBuf {
    let links = [("/var/run", "/run"), ("/var/lock", "/run/lock")].into_iter();
    let mut real =
        links.filter_map(|(link, target)| Some(Path::new(target).join(path.strip_prefix(link).ok()?)));
    real.next().unwrap_or_else(|| path.to_owned())
}

/// Warns of a volume in the place of what the system has there.
pub(super) fn warn_of_path(field: &Required<Text<AbsolutePath>>, path: Option<&AbsolutePath>, sink: &Sink) {
    let (Some(given), Some(path)) = (field.given(), path) else {
        return;
    };
    if is_of_system(&path.0) {
        let problem = Problem::new(Code::SystemDirectory, "this is a directory of the system");
        sink.warn(
            problem
                .at(given.mark)
                .hint("give the volume a directory of its own, such as `/mnt/akv`"),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_the_system_is_told_from_one_of_an_application_below_it() {
        for path in [
            "/etc",
            "/etc/",
            "//etc",
            "/etc//ssl",
            "/etc/ssl/certs",
            "/etc/cron.d",
            "/etc/systemd/system",
            "/etc/profile.d",
            "/usr/bin/x",
            "/usr/share",
            "/lib/modules",
            "/sys/fs",
            "/proc/1",
            "/dev/x",
            "/dev/shm",
            "/boot/x",
            "/var/run",
            "/var/lock",
            "/run/secrets/kubernetes.io/serviceaccount",
            "/var/run/secrets/kubernetes.io/serviceaccount",
            "/var/lib",
            "/var/lib/kubelet/pods",
            "/var/lib/docker",
            "/run/containerd",
            "/var/spool/cron/crontabs",
        ] {
            assert!(is_of_system(Path::new(path)), "{path}");
        }
        for path in [
            "/etc/nginx",
            "/etc/ssh/keys",
            "/etc/ssl/app",
            "/etc/ssl/certs/app",
            "/etc/kubernetes/akv",
            "/usr/share/app",
            "/usr/lib/app",
            "/usr/local/etc/app",
            "/dev/shm/akv",
            "/run/akv",
            "/mnt",
            "/root/.config/app",
            "/run/secrets",
            "/run/secrets/akv",
            "/var/run/secrets",
            "/var/run/app",
            "/var/run/secrets/akv",
            "/var/lib/app",
            "/var/log/app",
            "/home/app",
            "/opt/app",
            "/srv/app",
            "/tmp/akv",
            "/mnt/akv",
            "/data",
            "/bins",
        ] {
            assert!(!is_of_system(Path::new(path)), "{path}");
        }
    }
}
