//! The HTTP server of `run`, from outside: who gets in, what is answered, and that nobody keeps a probe out.

pub(crate) mod client;
mod guard;
mod limits;
mod start;
mod sync;

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU16, Ordering};

pub(crate) use self::client::At;
use crate::support::{Running, World};

/// A world with one secret and an admin server, and passes that come when a test asks for them.
pub(crate) struct Served {
    pub(crate) world: World,
    pub(crate) at: At,
}

impl Served {
    /// At a socket.
    pub(crate) fn at_socket() -> Self {
        Self::with(|world| {
            let path = world.path("admin.sock");
            (format!("socket: {}", path.display()), At::Socket(path))
        })
    }

    /// At an address that only this machine reaches, and that no other test has.
    pub(crate) fn at_loopback() -> Self {
        static NEXT: AtomicU16 = AtomicU16::new(1);
        let [high, low] = NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        let own = std::process::id().to_le_bytes()[0];
        let address = SocketAddr::from((Ipv4Addr::new(127, own.max(1), high, low.max(1)), 8181));
        Self::with(|_| (format!("listen: \"{address}\""), At::Port(address)))
    }

    /// At all addresses, with this as the token.
    pub(crate) fn at_all_addresses(token: &str) -> Self {
        let port = free_port();
        Self::with(|world| {
            let file = world.path("admin-token");
            std::fs::write(&file, token).expect("written");
            let listen = format!("listen: \"0.0.0.0:{port}\", tokenFile: {}", file.display());
            (listen, At::Port(SocketAddr::from((Ipv4Addr::LOCALHOST, port))))
        })
    }

    fn with(admin: impl FnOnce(&World) -> (String, At)) -> Self {
        let world = World::new();
        world.fake.vault("app").set_secret("db", "one");
        let (admin, at) = admin(&world);
        let served = Self { world, at };
        served.manifest(&admin, "secrets: [{ name: db }]");
        std::fs::write(served.world.path("admin-part"), admin).expect("written");
        served
    }

    fn manifest(&self, admin: &str, objects: &str) {
        let middle = format!("refresh: {{ interval: 24h }}\nadmin: {{ {admin} }}");
        self.world.manifest_with(&middle, objects);
    }

    /// The same server over other objects.
    pub(crate) fn objects(&self, objects: &str) {
        let admin = std::fs::read_to_string(self.world.path("admin-part")).expect("written");
        self.manifest(&admin, objects);
    }

    /// Starts it and waits until it is ready.
    pub(crate) fn ready(&self) -> Running {
        let mut running = self.world.run();
        running.event("Ready");
        running
    }

    /// The socket's path.
    pub(crate) fn socket(&self) -> PathBuf {
        self.world.path("admin.sock")
    }
}

/// A port that nobody takes before the program does: it is below those that the system gives to connections, and each test
/// gets another.
fn free_port() -> u16 {
    static TAKEN: AtomicU16 = AtomicU16::new(0);
    let first = 20_000 + u16::try_from(std::process::id() % 10_000).expect("small");
    let mut ports = std::iter::repeat_with(|| first + TAKEN.fetch_add(1, Ordering::Relaxed)).take(1_000);
    ports
        .find(|port| TcpListener::bind((Ipv4Addr::UNSPECIFIED, *port)).is_ok())
        .expect("a port")
}
