//! Where it listens: an address, a Unix socket, or both.

use std::fs::{self, Permissions};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tokio::net::{TcpListener, UnixListener};

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
        let socket = spec.socket.as_deref().map(|path| {
            bind_socket(path).map_err(|error| BindError {
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
                        "let the user of akv-sync write to its directory (`fsGroup`)"
                    }
                    _ => "correct `admin.socket` of the manifest",
                },
                error,
            })
        });
        Ok(Self {
            address,
            socket: socket.transpose()?,
        })
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
fn bind_socket(path: &Path) -> io::Result<Socket> {
    match fs::symlink_metadata(path) {
        Ok(found) => {
            use std::os::unix::fs::FileTypeExt as _;
            if !found.file_type().is_socket() {
                return Err(io::ErrorKind::AlreadyExists.into());
            }
            if std::os::unix::net::UnixStream::connect(path).is_ok() {
                return Err(io::ErrorKind::AddrInUse.into());
            }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let mut staged = path.as_os_str().to_owned();
    staged.push(format!(".{}", std::process::id()));
    let staged = PathBuf::from(staged);
    let named = UnixListener::bind(&staged).and_then(|listener| {
        fs::set_permissions(&staged, Permissions::from_mode(SOCKET_MODE))?;
        fs::rename(&staged, path)?;
        Ok(listener)
    });
    let listener = named.inspect_err(|_| {
        // It may not be there.
        let _ = fs::remove_file(&staged);
    })?;
    Ok(Socket {
        listener,
        path: path.to_owned(),
    })
}

impl Drop for Socket {
    fn drop(&mut self) {
        // Whoever comes next replaces what stays.
        let _ = fs::remove_file(&self.path);
    }
}
