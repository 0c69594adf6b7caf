//! What stands between the program and the fake: a gate that can be shut, and a proxy. Both lead to loopback only.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// A port that leads to another one while it is open, and refuses connections while it is shut.
pub(crate) struct Gate {
    port: u16,
    target: u16,
    server: Option<Server>,
}

impl Gate {
    /// An open gate to a port on loopback.
    pub(crate) fn to(target: u16) -> Self {
        let server = Server::start(0, move |client| relay(client, target));
        Self {
            port: server.port,
            target,
            server: Some(server),
        }
    }

    /// Where it listens.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Ends all connections and refuses new ones.
    pub(crate) fn shut(&mut self) {
        self.server = None;
    }

    /// Opens again.
    pub(crate) fn open(&mut self) {
        let target = self.target;
        self.server = Some(Server::start(self.port, move |client| relay(client, target)));
    }
}

/// An HTTP proxy that knows `CONNECT` and notes what it was asked for.
pub(crate) struct Proxy {
    server: Server,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    /// Leads every host to one port on loopback, or to the port that was asked for.
    pub(crate) fn start(target: Option<u16>) -> Self {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&asked);
        let server = Server::start(0, move |client| {
            let authority = read_connect(&client)?;
            let port = authority.rsplit(':').next().and_then(|port| port.parse().ok());
            noted.lock().expect("no panic").push(authority);
            (&client).write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
            relay(client, target.or(port).ok_or(io::ErrorKind::InvalidInput)?)
        });
        Self { server, asked }
    }

    /// One that refuses with this status line.
    pub(crate) fn refusing(status: &'static str) -> Self {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&asked);
        let server = Server::start(0, move |client| {
            noted.lock().expect("no panic").push(read_connect(&client)?);
            (&client).write_all(format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n").as_bytes())
        });
        Self { server, asked }
    }

    /// For `HTTPS_PROXY`.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.server.port)
    }

    /// `host:port` of every connection that was asked for.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("no panic").clone()
    }
}

/// Accepts connections until it is dropped, each on a thread of its own.
struct Server {
    port: u16,
    ended: Arc<AtomicBool>,
    open: Arc<Mutex<Vec<TcpStream>>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    fn start(port: u16, serve: impl Fn(TcpStream) -> io::Result<()> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        let (ended, open) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Vec::new())));
        let (is_ended, opened) = (Arc::clone(&ended), Arc::clone(&open));
        let serve = Arc::new(serve);
        let thread = std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if is_ended.load(Ordering::SeqCst) {
                    break;
                }
                opened
                    .lock()
                    .expect("no panic")
                    .push(client.try_clone().expect("a handle"));
                let serve = Arc::clone(&serve);
                // A connection that breaks is the program's affair.
                std::thread::spawn(move || drop(serve(client)));
            }
        });
        Self {
            port,
            ended,
            open,
            thread: Some(thread),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        // Wakes the thread that accepts; it is then gone, and with it the port.
        drop(TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)));
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
        for connection in self.open.lock().expect("no panic").drain(..) {
            drop(connection.shutdown(Shutdown::Both));
        }
    }
}

/// `host:port` of a `CONNECT` request, whose head is read to its end.
fn read_connect(mut client: &TcpStream) -> io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") && head.len() < 8_192 {
        let mut byte = [0];
        client.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head);
    let authority = head
        .strip_prefix("CONNECT ")
        .and_then(|rest| rest.split(' ').next());
    authority
        .map(str::to_owned)
        .ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// Copies both ways until both ends are done.
fn relay(client: TcpStream, target: u16) -> io::Result<()> {
    let target = TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, target)))?;
    client.set_nodelay(true)?;
    target.set_nodelay(true)?;
    let (from_client, to_client) = (client.try_clone()?, client);
    let (from_target, to_target) = (target.try_clone()?, target);
    let back = std::thread::spawn(move || copy(&from_target, &to_client));
    copy(&from_client, &to_target);
    drop(back.join());
    Ok(())
}

fn copy(mut from: &TcpStream, mut to: &TcpStream) {
    // Either side may go away at any time.
    drop(io::copy(&mut from, &mut to));
    drop(to.shutdown(Shutdown::Write));
}
