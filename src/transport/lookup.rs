//! Name resolution: at most one lookup of a name at a time.
//!
//! A cold start over HTTP/1.1 opens dozens of connections to one vault at once. Each would look the same name up on a
//! thread of its own, and a search list makes several queries of every lookup. Those who ask while a lookup is under way
//! share its answer. No answer is kept after that: whoever connects next learns of a change.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use futures::FutureExt as _;
use futures::future::{BoxFuture, Shared, WeakShared};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

type Answer = Result<Vec<SocketAddr>, Arc<io::Error>>;
type Lookup = BoxFuture<'static, Answer>;

/// Resolves names with the system's resolver. Clones of the client share it.
pub(super) struct Lookups {
    ask: fn(String) -> Lookup,
    /// One entry for each name that was ever asked for: the hosts of a manifest.
    under_way: Mutex<BTreeMap<String, WeakShared<Lookup>>>,
}

impl Lookups {
    /// Asks the system.
    pub(super) fn of_the_system() -> Self {
        Self::by(|name| {
            async move {
                // The connector puts the port of the URL in the place of 0.
                let found = tokio::net::lookup_host((name, 0)).await;
                found.map(Iterator::collect).map_err(Arc::new)
            }
            .boxed()
        })
    }

    fn by(ask: fn(String) -> Lookup) -> Self {
        Self {
            ask,
            under_way: Mutex::default(),
        }
    }

    /// The lookup of this name that is under way, or a new one.
    fn join(&self, name: &str) -> Shared<Lookup> {
        // No code panics while it holds the lock.
        let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        let known = under_way.get(name).and_then(WeakShared::upgrade);
        if let Some(lookup) = known.filter(|lookup| lookup.peek().is_none()) {
            return lookup;
        }
        let lookup = (self.ask)(name.to_owned()).shared();
        if let Some(weak) = lookup.downgrade() {
            under_way.insert(name.to_owned(), weak);
        }
        lookup
    }
}

impl Resolve for Lookups {
    fn resolve(&self, name: Name) -> Resolving {
        let lookup = self.join(name.as_str());
        async move {
            let addresses = lookup.await?;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        }
        .boxed()
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::sync::atomic::{AtomicU16, Ordering};

    use super::*;

    /// Answers after a while with a port that says which lookup it was.
    fn counted(_: String) -> Lookup {
        static LOOKUPS: AtomicU16 = AtomicU16::new(1);
        async {
            let number = LOOKUPS.fetch_add(1, Ordering::Relaxed);
            tokio::task::yield_now().await;
            Ok(vec![SocketAddr::from((Ipv4Addr::LOCALHOST, number))])
        }
        .boxed()
    }

    fn refused(_: String) -> Lookup {
        async { Err(Arc::new(io::Error::other("failed to lookup address information"))) }.boxed()
    }

    fn vault() -> Name {
        "contoso-app.vault.azure.net".parse().expect("a name")
    }

    async fn port(resolving: Resolving) -> u16 {
        let mut addresses = resolving.await.expect("resolved");
        addresses.next().expect("an address").port()
    }

    #[tokio::test]
    async fn those_who_ask_at_once_share_one_lookup_and_the_next_asks_again() {
        let lookups = Lookups::by(counted);
        let asked: Vec<_> = (0..32).map(|_| lookups.resolve(vault())).collect();
        let ports = futures::future::join_all(asked.into_iter().map(port)).await;
        assert_eq!(ports, [1; 32]);
        assert_eq!(port(lookups.resolve(vault())).await, 2);
    }

    #[tokio::test]
    async fn a_lookup_that_nobody_waits_for_any_more_is_not_joined() {
        let lookups = Lookups::by(|_| futures::future::pending().boxed());
        let given_up = lookups.resolve(vault()).now_or_never();
        assert!(given_up.is_none());
        let under_way = lookups.under_way.lock().expect("not poisoned");
        assert!(under_way.values().all(|lookup| lookup.upgrade().is_none()));
    }

    #[tokio::test]
    async fn a_failure_keeps_the_words_of_the_system() {
        let error = Lookups::by(refused).resolve(vault()).await.err();
        let error = error.expect("refused");
        assert_eq!(error.to_string(), "failed to lookup address information");
    }

    #[tokio::test]
    async fn the_system_knows_this_machine() {
        let name = "localhost".parse().expect("a name");
        let addresses = Lookups::of_the_system().resolve(name).await.expect("resolved");
        assert!(addresses.into_iter().all(|address| address.ip().is_loopback()));
    }
}
