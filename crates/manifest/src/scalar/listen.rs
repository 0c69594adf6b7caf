//! Where the program listens.

use std::net::SocketAddr;

#[cfg(test)]
use schemars::{Schema, json_schema};

use crate::field::Scalar;
use crate::problem::{Code, Problem};

/// An IP address and a port.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ListenAddress(pub(crate) SocketAddr);

impl Scalar for ListenAddress {
    fn parse(text: &str) -> Result<Self, Problem> {
        let address = text.parse::<SocketAddr>().ok();
        address
            .filter(|address| address.port() != 0)
            .map(Self)
            .ok_or_else(|| {
                let message = "this is not an IP address and a port";
                Problem::new(Code::InvalidListen, message)
                    .hint("write `[::]:8181` for all addresses, or `127.0.0.1:8181` for this machine alone")
            })
    }

    #[cfg(test)]
    fn schema() -> Schema {
        json_schema!({ "type": "string", "title": "address and port, such as `[::]:8181`", "pattern": r"^(\[[0-9A-Fa-f:.%]+\]|[0-9.]+):[0-9]{1,5}$" })
    }
}
