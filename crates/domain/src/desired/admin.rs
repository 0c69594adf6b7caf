//! Who may ask the running program, and what it counts.

use std::net::SocketAddr;
use std::path::PathBuf;

/// Where the running program answers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AdminSpec {
    /// Address and port of probes and metrics; none: no port is opened.
    pub listen: Option<SocketAddr>,
    /// Socket for `status` and `sync`, absolute path; its mode decides who may ask. None: there is none.
    pub socket: Option<PathBuf>,
    /// File with the token that a listener asks for which others than this machine can reach, absolute path.
    pub token_file: Option<PathBuf>,
}

impl AdminSpec {
    /// Whether anybody can ask.
    pub const fn is_off(&self) -> bool {
        self.listen.is_none() && self.socket.is_none()
    }
}

/// For which objects there are metrics of their own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PerObject {
    /// All that are known.
    All,
    /// When they expire, and when they were confirmed last.
    #[default]
    Few,
    /// None: a fleet of many objects makes too many series.
    None,
}
