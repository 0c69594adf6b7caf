//! A list of a vault from its first page to its last: all of it, or a failure.
//!
//! A page can be empty and still link to the next one; the last page is the one without a link. A link is followed
//! only to the address of the vault itself, and only once. Pages, items and bytes are bounded, so that no chain of
//! links is endless.

use std::collections::{BTreeMap, HashSet};

use azure_core::http::pager::PagerContinuation;
use url::Url;

use crate::domain::failure::{Failure, Reason};

use super::error_body::quote;
use super::hint;
use super::target::Target;

/// The most pages of one list, empty ones included: Key Vault puts 25 items on a full one.
const MOST_PAGES: usize = 2_000;
/// The most items of one list.
const MOST_ITEMS: usize = 25_000;
/// The most bytes of all pages of one list; an item has some hundred, and kilobytes only when it is full of tags.
const MOST_BYTES: usize = 64 << 20;

/// The most bytes of a link; Key Vault's have some hundred, and no request line is longer.
const LONGEST_LINK: usize = 16 << 10;

/// How far a list has been read.
pub(super) struct Progress<'a> {
    target: &'a Target<'a>,
    /// The vault's address.
    home: &'a Url,
    pages: usize,
    items: usize,
    bytes: usize,
    followed: HashSet<Url>,
}

impl<'a> Progress<'a> {
    /// Of a list of the vault at `home`, before its first page.
    pub(super) fn new(target: &'a Target<'a>, home: &'a Url) -> Self {
        Self {
            target,
            home,
            pages: 0,
            items: 0,
            bytes: 0,
            followed: HashSet::new(),
        }
    }

    /// Counts a page of so many items and bytes, and gives its link back if it may be followed. `None` was the last.
    pub(super) fn after(
        &mut self,
        items: usize,
        bytes: usize,
        next: Option<PagerContinuation>,
    ) -> Result<Option<PagerContinuation>, Failure> {
        self.pages += 1;
        self.items += items;
        self.bytes += bytes;
        if self.items > MOST_ITEMS {
            return Err(self.too_long(format_args!("{MOST_ITEMS} items")));
        }
        if self.bytes > MOST_BYTES {
            return Err(self.too_long(format_args!("{MOST_BYTES} bytes")));
        }
        let Some(next) = next else {
            return Ok(None);
        };
        if self.pages == MOST_PAGES {
            return Err(self.too_long(format_args!("{MOST_PAGES} pages")));
        }
        self.may_follow(&next)?;
        Ok(Some(next))
    }

    fn may_follow(&mut self, next: &PagerContinuation) -> Result<(), Failure> {
        let link = Url::try_from(next.clone())
            .map_err(|_| self.not_key_vault("the link to the next page is not a URL"))?;
        if link.as_str().len() > LONGEST_LINK {
            return Err(self.not_key_vault(&format!(
                "the link to the next page has more than {LONGEST_LINK} bytes"
            )));
        }
        // An origin has the port of its scheme when the URL names none, so `HOST:443` is `HOST`.
        if link.origin() != self.home.origin() || !link.username().is_empty() || link.password().is_some() {
            let host = quote(link.host_str().unwrap_or("no host"), 120);
            return Err(self.not_key_vault(&format!(
                "nothing was sent to {host}: the link to the next page leaves the vault's address"
            )));
        }
        if !self.followed.insert(link) {
            return Err(self.not_key_vault("the pages link in a circle"));
        }
        Ok(())
    }

    fn too_long(&self, limit: std::fmt::Arguments<'_>) -> Failure {
        self.malformed(&format!("the list has more than {limit}"), hint::TOO_LONG_A_LIST)
    }

    fn not_key_vault(&self, seen: &str) -> Failure {
        self.malformed(seen, hint::NOT_KEY_VAULT)
    }

    fn malformed(&self, seen: &str, hint: &str) -> Failure {
        Failure::new(Reason::Malformed, format!("{}: {seen}", self.target), hint)
    }
}

/// The items, each key once: when a list changes while it is read, an item can come again on the next page. The later
/// one stays.
pub(super) fn each_once<T, K: Ord>(items: Vec<T>, key: impl Fn(&T) -> K) -> Vec<T> {
    let by_key: BTreeMap<K, T> = items.into_iter().map(|item| (key(&item), item)).collect();
    by_key.into_values().collect()
}
