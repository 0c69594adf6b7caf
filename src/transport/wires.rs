//! How connections are opened: one first, and the others as the version of HTTP wants them.
//!
//! The pool below opens a connection for each request that finds none. So:
//!
//! - While the first connection to a host is on its way, the others wait for it. Over HTTP/2 it serves them all; over
//!   HTTP/1.1 they open theirs then. What was agreed on, others may wait for ([`Wires::speaks_other_than`]).
//! - A request waits a few turns before it opens one more, for a connection that is just being returned or handed over. One
//!   that is not needed any more is not opened: its request has another, and the pool has moved what it still awaited to a
//!   task of its own, out of the request's.
//! - The first connection may be opened before there is a request ([`Wires::open_first`]), and others while the requests that
//!   need them wait for their token ([`Wires::open_ahead`]).

mod dial;
mod stock;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::error::Error;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use hyper_util::client::legacy::connect::Connection;
use tokio::sync::watch;
use tokio::task;
use tokio::time::Instant;
use url::Url;

use self::stock::{Claim, Stock};
use super::limits::{self, POOL_IDLE_CONNECTIONS};
use crate::domain::protocol::Protocol;

type BoxError = Box<dyn Error + Send + Sync>;

/// The client that opens connections ahead; a pool of its own, so that none of its requests ever finds one.
type Opener = dyn Fn(&Wires) -> reqwest::Result<reqwest::Client> + Send + Sync;

/// `HOST:PORT`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Address(Arc<str>);

/// For which address a request leaves, and whether it is only for its connection.
#[derive(Debug, Clone)]
struct Errand {
    address: Address,
    ahead: bool,
}

tokio::task_local! {
    /// The pool's connector does not say where it goes to in a form that others can read.
    static ERRAND: Errand;
}

/// What is known of connections. Cloning shares it; the default knows nothing and opens nothing.
#[derive(Clone, Default)]
pub struct Wires {
    shared: Arc<Shared>,
    opener: Option<Arc<Opener>>,
}

struct Shared {
    protocols: watch::Sender<BTreeMap<Address, Protocol>>,
    hosts: Mutex<BTreeMap<Address, Host>>,
}

/// Connections to one address that are on their way or not used yet.
#[derive(Default)]
struct Host {
    /// The first one, while it is on its way: what came of it, told when the sender goes.
    first: Option<watch::Receiver<Option<Protocol>>>,
    stock: Stock,
    /// Over HTTP/1.1, how many were opened, as far as none is known to be closed.
    opened: usize,
    /// When a request ended last: its connection may be on its way back to the pool.
    ended: Option<Instant>,
}

/// What a request does that finds no connection, neither in the pool nor in the stock.
enum Next {
    /// It opens the first one.
    Lead(watch::Sender<Option<Protocol>>),
    /// It waits for what comes of the first one.
    Follow(watch::Receiver<Option<Protocol>>),
    /// It opens one more, when none comes back until then.
    Another(Option<Instant>),
}

/// What the pool's next connection is.
enum Turn<C> {
    /// One that was opened ahead.
    Stocked(C),
    /// The first of its host; the others wait for the sender.
    First(watch::Sender<Option<Protocol>>),
    /// One more.
    Another,
}

/// After the first HTTP/2 connection, so long until a request that did not get it opens its own.
const SETTLED: Duration = Duration::from_secs(1);

/// How many turns a connection takes at most from the end of an answer back to the pool: those of its own task, and of the
/// one that returns it.
const TURNS: usize = 4;

/// A connection whose answer was read is back in the pool long before that. If it is not, it was closed.
const RETURNED: Duration = Duration::from_millis(250);

impl Wires {
    /// Ones that open connections ahead by the client that this makes.
    pub(super) fn with_opener(
        opener: impl Fn(&Self) -> reqwest::Result<reqwest::Client> + Send + Sync + 'static,
    ) -> Self {
        Self {
            opener: Some(Arc::new(opener)),
            ..Self::default()
        }
    }

    /// Returns when the last connection to the address of this URL speaks something else than what is known. Never, when
    /// there is none.
    pub async fn speaks_other_than(&self, url: &Url, known: Option<Protocol>) -> Protocol {
        let Some(address) = Address::of(url) else {
            return std::future::pending().await;
        };
        let mut protocols = self.shared.protocols.subscribe();
        let now = |protocols: &BTreeMap<Address, Protocol>| protocols.get(&address).copied();
        // The sender lives as long as `self`.
        let changed = protocols.wait_for(|protocols| now(protocols).is_some() && now(protocols) != known);
        match changed.await.ok().and_then(|protocols| now(&protocols)) {
            Some(protocol) => protocol,
            None => std::future::pending().await,
        }
    }

    /// Opens the first connection to the address of this URL, for a request that is about to leave; none if there was one. It
    /// is that request's when it comes, and what the others wait for. If it cannot be opened, the request opens its own.
    pub async fn open_first(&self, url: &Url) {
        let Some(address) = Address::of(url) else { return };
        let known = self.protocol(&address);
        let Next::Lead(first) = self.with_host(&address, |host| host.next(known)) else {
            return;
        };
        self.open_ahead(url, 1).await;
        // Whoever waits for it learns what came of it when the sender goes.
        first.send_replace(self.protocol(&address));
    }

    /// Opens as many connections to the address of this URL as requests are about to leave. What nobody takes goes after a
    /// while.
    pub async fn open_ahead(&self, url: &Url, count: usize) {
        let (Some(address), Some(opener)) = (Address::of(url), &self.opener) else {
            return;
        };
        // Without the client, requests open their connections themselves.
        let Ok(client) = opener(self) else { return };
        let count = self.with_host(&address, |host| host.stock.expect(count));
        let errand = Errand {
            address: address.clone(),
            ahead: true,
        };
        let dials = (0..count).map(|_| ERRAND.scope(errand.clone(), client.get(url.clone()).send()));
        // Each ends with an error, because its connection is put aside.
        futures::future::join_all(dials).await;
        let wires = self.clone();
        tokio::spawn(async move {
            tokio::time::sleep(limits::ATTEMPT).await;
            wires.with_host(&address, |host| host.stock.clear());
        });
    }

    /// Sends a request, so that its connection is opened by these rules.
    pub(super) async fn on_errand<F: Future>(&self, url: &Url, request: F) -> F::Output {
        let Some(address) = Address::of(url) else {
            return request.await;
        };
        let errand = Errand {
            address: address.clone(),
            ahead: false,
        };
        let output = ERRAND.scope(errand, request).await;
        self.with_host(&address, |host| host.ended = Some(Instant::now()));
        output
    }

    fn protocol(&self, address: &Address) -> Option<Protocol> {
        self.shared.protocols.borrow().get(address).copied()
    }

    fn with_host<T>(&self, address: &Address, act: impl FnOnce(&mut Host) -> T) -> T {
        // No code panics while it holds the lock.
        let mut hosts = self.shared.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        act(hosts.entry(address.clone()).or_default())
    }

    /// A connection of the pool.
    async fn connect<C: Connection + Send + 'static>(
        &self,
        address: Address,
        open: impl Future<Output = Result<C, BoxError>>,
    ) -> Result<C, BoxError> {
        let first = match while_wanted(self.turn(&address)).await? {
            Turn::Stocked(connection) => return Ok(connection),
            Turn::First(first) => Some(first),
            Turn::Another => None,
        };
        // Counted before, so that those which leave together do not open too many together.
        self.with_host(&address, |host| host.opened += 1);
        let connection = open.await?;
        let protocol = self.learn(address, &connection);
        if let Some(first) = first {
            first.send_replace(Some(protocol));
        }
        Ok(connection)
    }

    async fn turn<C: Send + 'static>(&self, address: &Address) -> Turn<C> {
        match self.with_host(address, |host| host.stock.claim()) {
            Claim::Here(connection) => return Turn::Stocked(connection),
            Claim::Coming(coming) => {
                if let Some(connection) = coming.await {
                    return Turn::Stocked(connection);
                }
            }
            Claim::None => {}
        }
        if self.protocol(address).is_some() {
            for _ in 0..TURNS {
                task::yield_now().await;
            }
        }
        let known = self.protocol(address);
        match self.with_host(address, |host| host.next(known)) {
            Next::Lead(sender) => return Turn::First(sender),
            Next::Follow(mut first) => {
                // An error says that the sender is gone, with or without a word.
                let _gone = first.changed().await;
                let agreed = *first.borrow();
                if agreed == Some(Protocol::Http2) {
                    tokio::time::sleep(SETTLED).await;
                }
            }
            Next::Another(None) => {}
            Next::Another(Some(returned)) => {
                tokio::time::sleep_until(returned).await;
                self.with_host(address, |host| host.opened = 0);
            }
        }
        Turn::Another
    }

    /// A connection that is opened ahead of its request, which gets none.
    async fn put_aside<C: Connection + Send + 'static>(
        &self,
        address: Address,
        open: impl Future<Output = Result<C, BoxError>>,
    ) -> Result<C, BoxError> {
        match open.await {
            Ok(connection) => {
                self.learn(address.clone(), &connection);
                self.with_host(&address, |host| {
                    host.opened += 1;
                    host.stock.add(connection);
                });
                Err("the connection waits for a request".into())
            }
            Err(error) => {
                self.with_host(&address, |host| host.stock.one_less());
                Err(error)
            }
        }
    }

    fn learn(&self, address: Address, connection: &impl Connection) -> Protocol {
        let protocol = if connection.connected().is_negotiated_h2() {
            Protocol::Http2
        } else {
            Protocol::Http1
        };
        self.shared
            .protocols
            .send_if_modified(|protocols| protocols.insert(address, protocol) != Some(protocol));
        protocol
    }
}

impl Host {
    fn next(&mut self, known: Option<Protocol>) -> Next {
        if known == Some(Protocol::Http1) {
            return Next::Another(self.comes_back_until());
        }
        if let Some(first) = self.first.as_ref().filter(|first| first.has_changed().is_ok()) {
            return Next::Follow(first.clone());
        }
        let (sender, receiver) = watch::channel(None);
        self.first = Some(receiver);
        Next::Lead(sender)
    }

    /// Until when a connection comes back, when there are as many as there may be and one has just been used. Those that
    /// were used longer ago are in the pool, where none was found: they have been closed.
    fn comes_back_until(&mut self) -> Option<Instant> {
        if self.opened < POOL_IDLE_CONNECTIONS {
            return None;
        }
        let returned = self.ended.map(|ended| ended + RETURNED);
        let returned = returned.filter(|returned| *returned > Instant::now());
        if returned.is_none() {
            self.opened = 0;
        }
        returned
    }
}

impl Default for Shared {
    fn default() -> Self {
        Self {
            protocols: watch::Sender::new(BTreeMap::new()),
            hosts: Mutex::default(),
        }
    }
}

impl std::fmt::Debug for Wires {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Wires")
            .field("protocols", &*self.shared.protocols.borrow())
            .finish_non_exhaustive()
    }
}

impl Address {
    fn of(url: &Url) -> Option<Self> {
        let (host, port) = (url.host_str()?, url.port_or_known_default()?);
        Some(Self(format!("{host}:{port}").into()))
    }
}

/// The future, until it is polled outside of its request: the pool has moved it away, because the request has another
/// connection.
async fn while_wanted<T>(future: impl Future<Output = T>) -> Result<T, BoxError> {
    let mut future = pin!(future);
    poll_fn(|cx| {
        if ERRAND.try_with(|_| ()).is_err() {
            return Poll::Ready(Err("another connection came first".into()));
        }
        future.as_mut().poll(cx).map(Ok)
    })
    .await
}
