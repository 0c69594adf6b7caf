//! Connections that were opened ahead of their requests.

use std::any::Any;
use std::collections::VecDeque;

use futures::future::BoxFuture;
use tokio::sync::oneshot;

/// Of one address. The type of the pool's connections has no name.
#[derive(Default)]
pub(super) struct Stock {
    here: Vec<Box<dyn Any + Send>>,
    coming: usize,
    /// Who was promised one of those that are coming.
    promised: VecDeque<oneshot::Sender<Box<dyn Any + Send>>>,
}

/// What there is for a request.
pub(super) enum Claim<C> {
    /// A connection.
    Here(C),
    /// One that is on its way; `None` when it does not come.
    Coming(BoxFuture<'static, Option<C>>),
    /// Nothing.
    None,
}

impl Stock {
    /// Takes that so many are wanted; says how many more are to be opened, which are on their way from now on.
    pub(super) fn expect(&mut self, wanted: usize) -> usize {
        let more = wanted.saturating_sub(self.here.len() + self.coming);
        self.coming += more;
        more
    }

    /// Takes one that came.
    pub(super) fn add(&mut self, connection: impl Any + Send) {
        self.coming = self.coming.saturating_sub(1);
        let mut connection: Box<dyn Any + Send> = Box::new(connection);
        while let Some(waiter) = self.promised.pop_front() {
            match waiter.send(connection) {
                Ok(()) => return,
                Err(back) => connection = back,
            }
        }
        self.here.push(connection);
    }

    /// One will not come. Who waits without hope is told.
    pub(super) fn one_less(&mut self) {
        self.coming = self.coming.saturating_sub(1);
        self.promised.truncate(self.coming);
    }

    /// Takes one for a request.
    pub(super) fn claim<C: Send + 'static>(&mut self) -> Claim<C> {
        let here = self.here.pop().and_then(|connection| connection.downcast().ok());
        if let Some(connection) = here {
            return Claim::Here(*connection);
        }
        self.promised.retain(|waiter| !waiter.is_closed());
        if self.promised.len() >= self.coming {
            return Claim::None;
        }
        let (sender, receiver) = oneshot::channel();
        self.promised.push_back(sender);
        Claim::Coming(Box::pin(async move {
            let connection = receiver.await.ok()?;
            connection.downcast().ok().map(|connection| *connection)
        }))
    }

    /// Closes what nobody took.
    pub(super) fn clear(&mut self) {
        self.here.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn coming(stock: &mut Stock) -> BoxFuture<'static, Option<u8>> {
        match stock.claim() {
            Claim::Coming(coming) => coming,
            Claim::Here(_) | Claim::None => panic!("one is on its way"),
        }
    }

    #[tokio::test]
    async fn who_asks_first_gets_what_comes_first() {
        let mut stock = Stock::default();
        assert_eq!(stock.expect(2), 2);
        let (first, second) = (coming(&mut stock), coming(&mut stock));
        assert!(
            matches!(stock.claim::<u8>(), Claim::None),
            "two are on their way, and both are promised"
        );
        stock.add(1_u8);
        stock.add(2_u8);
        assert_eq!((first.await, second.await), (Some(1), Some(2)));
    }

    #[tokio::test]
    async fn who_waits_for_one_that_does_not_come_is_told() {
        let mut stock = Stock::default();
        assert_eq!(stock.expect(1), 1);
        let waiting = coming(&mut stock);
        stock.one_less();
        assert_eq!(waiting.await, None);
    }

    #[tokio::test]
    async fn what_comes_for_one_who_left_serves_the_next() {
        let mut stock = Stock::default();
        assert_eq!(stock.expect(1), 1);
        drop(coming(&mut stock));
        stock.add(1_u8);
        assert_eq!(stock.expect(3), 2, "one of three is there");
        assert!(matches!(stock.claim::<u8>(), Claim::Here(1)));
        stock.add(2_u8);
        stock.one_less();
        stock.clear();
        assert!(matches!(stock.claim::<u8>(), Claim::None));
    }
}
