//! Where it listens: an address, a Unix socket, or both.

use std::fs::{self, Metadata, Permissions};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use tokio::net::{TcpListener, UnixListener, UnixStream};

use super::guard::Via;
use crate::domain::desired::AdminSpec;

/// Only our own user may open the socket.
const SOCKET_MODE: u32 = 0o600;

/// Everything that is listened at. The socket is removed when this is dropped.
pub struct Listeners {
    pub(super) address: Option<(TcpListener, Via)>,
    pub(super) socket: Option<Socket>,
}

/// A Unix socket and its file.
pub(super) struct Socket {
    pub(super) listener: UnixListener,
    path: PathBuf,
    file: Identity,
}

/// Which file a name stands for.
#[derive(Debug, PartialEq, Eq)]
struct Identity {
    device: u64,
    inode: u64,
}

impl Identity {
    fn of(file: &Metadata) -> Self {
        Self {
            device: file.dev(),
            inode: file.ino(),
        }
    }
}

/// Why it cannot be listened there.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen at {at}: {error}")]
pub struct BindError {
    at: String,
    error: io::Error,
    hint: &'static str,
}

impl BindError {
    /// What to do.
    pub const fn hint(&self) -> &'static str {
        self.hint
    }
}

impl Listeners {
    /// Listens as the manifest says. Needs a tokio runtime.
    pub async fn bind(spec: &AdminSpec) -> Result<Self, BindError> {
        let address = match spec.listen {
            Some(address) => Some(bind_address(address).await.map_err(|error| BindError {
                at: format!("{address} (admin.listen)"),
                hint: match error.kind() {
                    io::ErrorKind::AddrInUse => {
                        "another program has this port: choose another one, or end that program"
                    }
                    io::ErrorKind::PermissionDenied => "choose a port from 1024 on",
                    io::ErrorKind::AddrNotAvailable => {
                        "this machine has no such address: write `[::]` for all of them"
                    }
                    _ => "correct `admin.listen` of the manifest",
                },
                error,
            })?),
            None => None,
        };
        let socket = match spec.socket.as_deref() {
            Some(path) => Some(bind_socket(path).await.map_err(|error| BindError {
                at: format!("{} (admin.socket)", path.display()),
                hint: match error.kind() {
                    io::ErrorKind::AddrInUse => {
                        "another akv-sync answers there: give each a socket of its own"
                    }
                    io::ErrorKind::AlreadyExists => "it is no socket: choose another path, or remove it",
                    io::ErrorKind::NotFound => {
                        "its directory is not there: mount a volume there, such as an emptyDir"
                    }
                    io::ErrorKind::PermissionDenied => {
                        "let the user of akv-sync write to its directory (`fsGroup`), and remove a socket that another \
                         user left"
                    }
                    io::ErrorKind::InvalidInput => "choose a shorter path: the system takes some 100 bytes",
                    _ => "correct `admin.socket` of the manifest",
                },
                error,
            })?),
            None => None,
        };
        Ok(Self { address, socket })
    }
}

/// All addresses of IPv6 are those of IPv4 too; where there is no IPv6, those of IPv4 have to do.
async fn bind_address(address: SocketAddr) -> io::Result<(TcpListener, Via)> {
    let via = if address.ip().to_canonical().is_loopback() {
        Via::Loopback
    } else {
        Via::Network
    };
    let listener = match TcpListener::bind(address).await {
        Err(error) if address.ip() == IpAddr::V6(Ipv6Addr::UNSPECIFIED) && has_no_ipv6(&error) => {
            TcpListener::bind((Ipv4Addr::UNSPECIFIED, address.port())).await
        }
        bound => bound,
    };
    Ok((listener?, via))
}

fn has_no_ipv6(error: &io::Error) -> bool {
    use nix::libc::{EADDRNOTAVAIL, EAFNOSUPPORT};
    matches!(error.raw_os_error(), Some(EAFNOSUPPORT | EADDRNOTAVAIL))
}

/// The socket gets its mode before it gets its name, so that at no time anybody else may open it. One on which nobody
/// answers is what a program left that was killed, and is replaced.
async fn bind_socket(path: &Path) -> io::Result<Socket> {
    if is_taken(path).await? {
        return Err(io::ErrorKind::AddrInUse.into());
    }
    let mut staged = path.as_os_str().to_owned();
    staged.push(format!(".{}", std::process::id()));
    let staged = PathBuf::from(staged);
    let named = UnixListener::bind(&staged).and_then(|listener| {
        fs::set_permissions(&staged, Permissions::from_mode(SOCKET_MODE))?;
        let file = Identity::of(&fs::symlink_metadata(&staged)?);
        fs::rename(&staged, path)?;
        Ok((listener, file))
    });
    let (listener, file) = named.inspect_err(|_| {
        // It may not be there.
        let _ = fs::remove_file(&staged);
    })?;
    Ok(Socket {
        listener,
        path: path.to_owned(),
        file,
    })
}

/// Whether somebody answers there. Only a refused connection says that nobody does.
async fn is_taken(path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::FileTypeExt as _;
    match fs::symlink_metadata(path) {
        Ok(found) if found.file_type().is_socket() => {}
        Ok(_) => return Err(io::ErrorKind::AlreadyExists.into()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    }
    match UnixStream::connect(path).await {
        Ok(_) => Ok(true),
        Err(error) => match error.kind() {
            io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound => Ok(false),
            // So many wait there that there is no place for one more.
            io::ErrorKind::WouldBlock => Ok(true),
            _ => Err(error),
        },
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // It may be another program's by now. Whoever comes next replaces what stays.
        let own = fs::symlink_metadata(&self.path).is_ok_and(|found| Identity::of(&found) == self.file);
        if own {
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(path: &Path) -> AdminSpec {
        AdminSpec {
            socket: Some(path.to_owned()),
            ..AdminSpec::default()
        }
    }

    async fn bind(path: &Path) -> Result<Listeners, String> {
        let bound = Listeners::bind(&at(path)).await;
        bound.map_err(|error| format!("{error}; {}", error.hint()))
    }

    #[tokio::test]
    async fn only_its_own_user_may_open_the_socket_and_it_goes_with_its_program() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("admin.sock");
        let bound = bind(&path).await.expect("bound");
        let mode = fs::metadata(&path).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, SOCKET_MODE);
        drop(bound);
        assert_eq!(fs::read_dir(folder.path()).expect("readable").count(), 0);
    }

    #[tokio::test]
    async fn a_socket_on_which_nobody_answers_is_replaced_and_one_that_is_answered_is_taken() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("admin.sock");
        // A program that was killed leaves its file.
        drop(std::os::unix::net::UnixListener::bind(&path).expect("bound"));
        let bound = bind(&path).await.expect("replaced");
        let told = bind(&path).await.err().expect("taken");
        assert!(
            told.contains("(admin.socket)") && told.contains("another akv-sync answers there"),
            "{told}"
        );
        assert!(
            UnixStream::connect(&path).await.is_ok(),
            "the first still answers"
        );
        drop(bound);
    }

    #[tokio::test]
    async fn the_socket_of_another_program_is_not_removed_with_ones_own() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("admin.sock");
        let first = bind(&path).await.expect("bound");
        fs::remove_file(&path).expect("somebody removes it");
        let second = bind(&path).await.expect("bound anew");
        drop(first);
        assert!(UnixStream::connect(&path).await.is_ok());
        drop(second);
    }

    #[tokio::test]
    async fn what_is_no_socket_is_left_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("admin.sock");
        fs::write(&path, "data").expect("written");
        let told = bind(&path).await.err().expect("refused");
        assert!(told.contains("it is no socket"), "{told}");
        assert_eq!(fs::read(&path).expect("there"), b"data");
        assert_eq!(fs::read_dir(folder.path()).expect("readable").count(), 1);
    }

    #[tokio::test]
    async fn where_it_cannot_listen_is_named_with_what_to_do() {
        let folder = tempfile::tempdir().expect("a folder");
        let told = bind(&folder.path().join("missing/admin.sock"))
            .await
            .err()
            .expect("refused");
        assert!(
            told.contains("missing/admin.sock (admin.socket)") && told.contains("mount a volume"),
            "{told}"
        );
        let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = taken.local_addr().expect("an address");
        let spec = AdminSpec {
            listen: Some(address),
            ..AdminSpec::default()
        };
        let error = Listeners::bind(&spec).await.err().expect("taken");
        assert!(
            error
                .to_string()
                .starts_with(&format!("cannot listen at {address} (admin.listen): ")),
            "{error}"
        );
        assert!(error.hint().contains("another program has this port"));
    }
}
