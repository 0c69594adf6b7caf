//! Fault switches: what goes wrong, for which requests, how often.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Deserialize;

use crate::connection::{Line, Lines};
use crate::journal::{CallKind, Service};

/// Something that goes wrong for the requests that it matches.
///
/// ```
/// use fake_azure::{Effect, Fault, Service};
///
/// let fault = Fault::new(Service::Vault, Effect::Throttled { retry_after_seconds: None })
///     .object("db-password")
///     .times(2);
/// ```
///
/// A request to a vault without a token is not matched unless [`Fault::including_unauthenticated`] says so: how often
/// a client asks for the challenge should not decide what a test sees.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[must_use]
pub struct Fault {
    service: Service,
    effect: Effect,
    #[serde(default)]
    method: Option<String>,
    #[serde(default)]
    path_contains: Option<String>,
    #[serde(default)]
    object: Option<String>,
    #[serde(default)]
    call: Option<CallKind>,
    #[serde(default)]
    after: u32,
    #[serde(default)]
    times: Option<u32>,
    #[serde(default)]
    including_unauthenticated: bool,
}

/// What happens to a request.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
pub enum Effect {
    /// This answer instead of the service's.
    Answer {
        /// The status.
        status: u16,
        /// The body, labelled as JSON unless `headers` has a `Content-Type`.
        #[serde(default)]
        body: String,
        /// Further headers.
        #[serde(default)]
        headers: Vec<(String, String)>,
    },
    /// 429 in the service's own words, with `Retry-After` if given.
    Throttled {
        /// The value of `Retry-After`.
        retry_after_seconds: Option<u64>,
    },
    /// No answer, for as long as the client waits.
    Hang,
    /// The connection is reset before the answer.
    Reset,
    /// The HTTP/2 stream is refused with `REFUSED_STREAM`, by which a server says that it did nothing; over HTTP/1.1 the
    /// connection ends.
    RefusedStream,
    /// The headers and half of the body of the service's answer; then the connection ends.
    TruncatedBody,
    /// Status 200 with a body that is not JSON.
    GarbageBody,
    /// The whole connection stays open and says nothing any more, not even to HTTP/2 pings.
    Silence,
    /// The service's answer, later.
    Delay {
        /// How much later.
        milliseconds: u64,
    },
}

impl Effect {
    /// The instance metadata service while it is being updated: 410 with a body in XML.
    pub fn imds_updating() -> Self {
        Self::Answer {
            status: 410,
            body: "<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>ResourceGone</Code></Error>"
                .to_owned(),
            headers: vec![("Content-Type".to_owned(), "text/xml".to_owned())],
        }
    }

    /// The instance metadata service before it is ready: 404 with an empty body.
    pub fn imds_not_ready() -> Self {
        Self::Answer {
            status: 404,
            body: String::new(),
            headers: vec![("Content-Type".to_owned(), "text/html".to_owned())],
        }
    }
}

impl Fault {
    /// A fault that matches every request to the service, until it is cleared.
    pub fn new(service: Service, effect: Effect) -> Self {
        Self {
            service,
            effect,
            method: None,
            path_contains: None,
            object: None,
            call: None,
            after: 0,
            times: None,
            including_unauthenticated: false,
        }
    }

    /// Matches this method only.
    pub fn method(mut self, method: &str) -> Self {
        self.method = Some(method.to_owned());
        self
    }

    /// Matches paths that contain this text only.
    pub fn path_contains(mut self, text: &str) -> Self {
        self.path_contains = Some(text.to_owned());
        self
    }

    /// Matches requests for the secret, key or certificate of this name only.
    pub fn object(mut self, name: &str) -> Self {
        self.object = Some(name.to_owned());
        self
    }

    /// Matches this operation of vaults only.
    pub fn call(mut self, kind: CallKind) -> Self {
        self.call = Some(kind);
        self
    }

    /// Lets this many of the requests that it matches pass first: `call(ListSecrets).after(2)` is the third page.
    pub fn after(mut self, passing: u32) -> Self {
        self.after = passing;
        self
    }

    /// Ends after this many requests.
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// Matches calls to vaults without a token, too.
    pub fn including_unauthenticated(mut self) -> Self {
        self.including_unauthenticated = true;
        self
    }

    fn matches(&self, request: &Matchable<'_>) -> bool {
        let same = |wanted: &Option<String>, found: &str| {
            wanted
                .as_ref()
                .is_none_or(|wanted| wanted.eq_ignore_ascii_case(found))
        };
        self.service == request.service
            && (request.authenticated || self.including_unauthenticated)
            && same(&self.method, request.method)
            && same(&self.object, request.object.unwrap_or_default())
            && self.call.is_none_or(|kind| request.call == Some(kind))
            && self
                .path_contains
                .as_ref()
                .is_none_or(|text| request.path.contains(text))
    }
}

/// What a fault looks at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Matchable<'a> {
    pub(crate) service: Service,
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) object: Option<&'a str>,
    /// What is asked of a vault; `None` for the other services.
    pub(crate) call: Option<CallKind>,
    /// True for the services other than vaults.
    pub(crate) authenticated: bool,
}

/// The switches of a [`FakeAzure`](crate::FakeAzure).
#[derive(Debug, Default)]
pub struct Faults {
    injected: Mutex<Vec<Fault>>,
    untrusted: Mutex<BTreeSet<Service>>,
    pub(crate) lines: Lines,
}

impl Faults {
    /// Adds a fault. The first one that matches a request decides; a delay only delays the decision.
    pub fn inject(&self, fault: Fault) {
        self.injected().push(fault);
    }

    /// Ends all faults that were injected, and trusted certificates are presented again.
    pub fn clear(&self) {
        self.injected().clear();
        self.untrusted().clear();
    }

    /// Presents a certificate of an authority that nobody trusts to new connections, and ends the existing ones.
    ///
    /// With one address for all services ([`FakeOptions::https`](crate::FakeOptions::https)), [`Service::Vault`]
    /// stands for all.
    pub fn present_untrusted_certificate(&self, service: Service, on: bool) {
        if on {
            self.untrusted().insert(service);
        } else {
            self.untrusted().remove(&service);
        }
        self.close_connections(service);
    }

    /// Closes the connections that are open now.
    pub fn close_connections(&self, service: Service) {
        self.lines.each(service, Line::end);
    }

    /// Silences the connections that are open now, as a load balancer does that forgot them; new ones work.
    pub fn silence_connections(&self, service: Service) {
        self.lines.each(service, Line::silence);
    }

    pub(crate) fn is_untrusted(&self, service: Service) -> bool {
        self.untrusted().contains(&service)
    }

    /// The effects on a request: delays, then at most one other.
    pub(crate) fn on(&self, request: &Matchable<'_>) -> Vec<Effect> {
        let mut effects = Vec::new();
        let mut injected = self.injected();
        for fault in injected.iter_mut().filter(|fault| fault.matches(request)) {
            if fault.after > 0 {
                fault.after -= 1;
                continue;
            }
            fault.times = fault.times.map(|times| times.saturating_sub(1));
            effects.push(fault.effect.clone());
            if !matches!(fault.effect, Effect::Delay { .. }) {
                break;
            }
        }
        injected.retain(|fault| fault.times != Some(0));
        effects
    }

    fn injected(&self) -> MutexGuard<'_, Vec<Fault>> {
        self.injected.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn untrusted(&self) -> MutexGuard<'_, BTreeSet<Service>> {
        self.untrusted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(object: &str) -> Matchable<'_> {
        Matchable {
            service: Service::Vault,
            method: "GET",
            path: "/secrets/db",
            object: Some(object),
            call: Some(CallKind::GetSecret),
            authenticated: true,
        }
    }

    #[test]
    fn a_fault_of_one_operation_lets_the_first_requests_pass() {
        let faults = Faults::default();
        let fault = Fault::new(Service::Vault, Effect::Reset);
        faults.inject(fault.call(CallKind::ListSecrets).after(2).times(1));
        let list = Matchable {
            object: None,
            call: Some(CallKind::ListSecrets),
            ..get("")
        };
        let hits: Vec<bool> = [&list, &get("db"), &list, &list, &list]
            .map(|request| !faults.on(request).is_empty())
            .into();
        assert_eq!(hits, [false, false, false, true, false]);
    }

    #[test]
    fn a_fault_ends_after_its_times_and_matches_nothing_else() {
        let faults = Faults::default();
        faults.inject(
            Fault::new(Service::Vault, Effect::Hang)
                .object("DB")
                .method("get")
                .times(2),
        );
        assert!(faults.on(&get("other")).is_empty());
        let anonymous = Matchable {
            authenticated: false,
            ..get("db")
        };
        assert!(faults.on(&anonymous).is_empty());
        assert_eq!(faults.on(&get("db")), [Effect::Hang]);
        assert_eq!(faults.on(&get("db")), [Effect::Hang]);
        assert!(faults.on(&get("db")).is_empty());
    }

    #[test]
    fn a_delay_lets_the_next_fault_decide() {
        let faults = Faults::default();
        faults.inject(Fault::new(Service::Vault, Effect::Delay { milliseconds: 5 }));
        faults.inject(Fault::new(Service::Vault, Effect::Reset).times(1));
        faults.inject(Fault::new(Service::Vault, Effect::Hang));
        assert_eq!(
            faults.on(&get("db")),
            [Effect::Delay { milliseconds: 5 }, Effect::Reset]
        );
        assert_eq!(
            faults.on(&get("db")),
            [Effect::Delay { milliseconds: 5 }, Effect::Hang]
        );
        faults.clear();
        assert!(faults.on(&get("db")).is_empty());
    }

    #[test]
    fn the_page_shows_every_effect_as_it_is_read() {
        let page = include_str!("../README.md");
        let section = page.split("\n### Effects\n").nth(1).expect("a section");
        let lines = section
            .split("```json\n")
            .nth(1)
            .and_then(|block| block.split("```").next());
        let effects: Vec<Effect> = lines
            .expect("a block")
            .lines()
            .map(|line| serde_json::from_str(line).expect(line))
            .collect();
        let kinds: BTreeSet<_> = effects
            .iter()
            .map(|effect| match effect {
                Effect::Answer { .. } => 0,
                Effect::Throttled { .. } => 1,
                Effect::Hang => 2,
                Effect::Reset => 3,
                Effect::RefusedStream => 4,
                Effect::TruncatedBody => 5,
                Effect::GarbageBody => 6,
                Effect::Silence => 7,
                Effect::Delay { .. } => 8,
            })
            .collect();
        assert_eq!(kinds.len(), 9, "{effects:?}");
        let fault = section
            .split("A whole fault: `")
            .nth(1)
            .and_then(|rest| rest.split('`').next());
        let fault: Fault = serde_json::from_str(fault.expect("a fault")).expect("as it is read");
        assert_eq!(fault, Fault::new(Service::Vault, Effect::Hang).times(1));
    }
}
