//! What the refusals of IMDS, App Service and Container Apps mean. Their bodies are JSON, XML or nothing, and `error` says
//! `invalid_request` of nearly everything: the status tells what passes, and the words tell what does not.

use std::time::Duration;

use serde_json::Value;

use super::entra_codes;
use super::entra_error::code_in;
use super::managed::{ManagedId, ManagedIdentity, Platform};
use super::refusal::{Refusal, Retry};
use super::service_text::one_line;
use crate::domain::failure::Reason;
use crate::domain::hint::Hint;

/// No word of a sentence is longer; a token is.
const LONGEST_WORD: usize = 24;

/// A body of plain words as a sentence. What is no word may be a token, in whatever answer, and is left out.
fn sentence(body: &str) -> Option<String> {
    let words = body
        .split_whitespace()
        .map(|word| if word.len() > LONGEST_WORD { "…" } else { word });
    let words: Vec<_> = words.collect();
    (words.len() > 1).then(|| one_line(&words.join(" ")))
}

/// Reads a refusal.
pub(super) fn classify(
    status: u16,
    retry_after: Option<Duration>,
    body: &[u8],
    identity: &ManagedIdentity,
) -> Refusal {
    let (error, description) = parse(body);
    let mut detail = format!(
        "{} refused a token for the {} with status {status}",
        identity.platform.endpoint_name(),
        identity.describe_setting()
    );
    if let Some(description) = &description {
        detail.push_str(": ");
        detail.push_str(description);
    }
    let words = [&error, &description]
        .map(|text| text.as_deref().unwrap_or_default())
        .join(": ")
        .to_ascii_lowercase();
    let (reason, retry) = judge(status, &words);
    // What passes is told by the status. A refusal may say in words what to do.
    let is_refused = reason != Reason::IdentityUnavailable;
    let said = is_refused.then(|| said(&words, identity)).flatten();
    // A code of Entra says more than any status that it comes with.
    let code = code_in(description.as_deref().unwrap_or(&String::from_utf8_lossy(body)));
    let refusal = match (said, code.and_then(|code| entra_codes::row(code, None))) {
        (Some(hint), _) => Refusal::misconfigured(detail, hint),
        (None, Some(row)) => Refusal::new(row.reason, row.retry, detail, row.hint.clone()),
        // One that is not in the table has no more to do with a new assignment.
        (None, None) if is_refused && code.is_some() => Refusal::misconfigured(detail, WORDS_HINT),
        (None, None) => {
            let is_told = status == 400 && description.is_some();
            Refusal::new(reason, retry, detail, hint(reason, is_told, identity))
        }
    };
    refusal.after(retry_after)
}

/// What to do when the words of the refusal, in lower case, name a cause that lasts.
fn said(words: &str, identity: &ManagedIdentity) -> Option<String> {
    let is_guess = identity.by_default && identity.id == ManagedId::System;
    if words.contains("multiple user assigned identities exist") {
        return Some(SEVERAL_HINT.to_owned());
    }
    if words.contains("identity not found") && is_guess {
        return Some(GUESS_HINT.to_owned());
    }
    let lost = [
        "has been disabled",
        "is disabled",
        "was deleted",
        "has been deleted",
    ];
    if words.contains("identity") && lost.iter().any(|end| words.contains(end)) {
        return Some(format!(
            "the identity is disabled or deleted: enable it, or assign another one, and name that in {}",
            identity.id.setting()
        ));
    }
    // App Service starts anew when an identity is assigned to it: no assignment is under way.
    let unknown_to_app_service = [
        "managed identity found for specified",
        "no msi found for specified",
        "managedidentitynotfound",
    ];
    if unknown_to_app_service.iter().any(|start| words.contains(start)) {
        let assign =
            "assign the identity to the app (`az webapp identity assign`, `az containerapp identity assign`)";
        return Some(format!("{assign}, or {}", correction(&identity.id)));
    }
    None
}

/// What else may help than an assignment.
fn correction(id: &ManagedId) -> String {
    match id {
        ManagedId::System => format!("name a user-assigned one in {}", id.setting()),
        _ => format!("correct {}: a client ID is no object ID", id.setting()),
    }
}

const SEVERAL_HINT: &str = "this machine has several identities: name one by its client ID, in AZURE_CLIENT_ID or identity.clientId; for workload identity in Kubernetes label the pod azure.workload.identity/use: \"true\"";

/// The most frequent cause in AKS: without the label the webhook sets nothing, and the node's endpoint answers.
const GUESS_HINT: &str = "nothing names an identity, and this machine has none of its own: for workload identity in Kubernetes label the pod azure.workload.identity/use: \"true\"; else assign an identity to the machine, and name it in AZURE_CLIENT_ID or identity.clientId";

/// What to do about words that nobody here knows.
const WORDS_HINT: &str = "do what its words say: they are the endpoint's own, and waiting does not help";

/// Whether the words, in lower case, say that an identity is not assigned (yet).
fn say_not_assigned(words: &str) -> bool {
    let missing = [
        "not found",
        "could not be found",
        "does not exist",
        "not assigned",
        "unable to load",
    ];
    words.contains("identity") && missing.iter().any(|end| words.contains(end))
}

/// `words` are in lower case. Only those that say so mean an identity that is not assigned (yet); others last.
fn judge(status: u16, words: &str) -> (Reason, Retry) {
    match status {
        400 if say_not_assigned(words) => (Reason::IdentityNotPropagated, Retry::InstanceMetadata),
        410 => (Reason::IdentityUnavailable, Retry::InstanceMetadataGone),
        404 | 408 | 429 | 500.. => (Reason::IdentityUnavailable, Retry::InstanceMetadata),
        _ => (Reason::IdentityMisconfigured, Retry::Never),
    }
}

fn hint(reason: Reason, is_told: bool, identity: &ManagedIdentity) -> Hint {
    match (reason, identity.platform) {
        (Reason::IdentityUnavailable, _) => Hint::wait(),
        (Reason::IdentityMisconfigured, _) if is_told => Hint::act(WORDS_HINT),
        (Reason::IdentityNotPropagated, _) => format!(
            "assign the identity to this resource, or {}; a new assignment takes seconds to arrive",
            correction(&identity.id)
        )
        .into(),
        (_, Platform::Imds) => Hint::act(
            "check that no network policy, proxy or agent on the node answers in place of 169.254.169.254",
        ),
        (_, Platform::AppService) => Hint::act(
            "check IDENTITY_ENDPOINT and IDENTITY_HEADER: the platform sets both, anew at each start",
        ),
    }
}

/// `error` and its description, where the body is JSON: `error_description` of IMDS, `message` or `Message` of App Service,
/// which may also put `code` and `message` into `error`. A body of plain words describes itself.
fn parse(body: &[u8]) -> (Option<String>, Option<String>) {
    let json: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |pointer: &str| json.pointer(pointer).and_then(Value::as_str).map(one_line);
    let descriptions = ["/error_description", "/message", "/Message", "/error/message"];
    let error = text("/error").or_else(|| text("/error/code"));
    let plain = String::from_utf8_lossy(body.trim_ascii());
    let words = (!plain.starts_with(['<', '{', '[', '"']))
        .then(|| sentence(&plain))
        .flatten();
    (error, descriptions.into_iter().find_map(text).or(words))
}

/// No connection to the endpoint. `known` says whether it has ever answered.
pub(super) fn unreachable(identity: &ManagedIdentity, cause: &str, connected: bool, known: bool) -> Refusal {
    let endpoint = identity.platform.endpoint_name();
    if connected || known || identity.platform == Platform::AppService {
        return Refusal::unavailable(
            format!("{endpoint} cannot be reached: {cause}"),
            unreachable_hint(identity.platform),
        );
    }
    let guess = if identity.by_default {
        "; nothing in the environment names another credential"
    } else {
        ""
    };
    Refusal::misconfigured(
        format!("{endpoint} cannot be reached, so this is not an Azure machine: {cause}{guess}"),
        "for workload identity label the pod azure.workload.identity/use: \"true\"; for managed identity run on Azure and let no network policy block 169.254.169.254; elsewhere set identity.type",
    )
}

/// Proxies are never used here, so none is named.
pub(super) const fn unreachable_hint(platform: Platform) -> Hint {
    match platform {
        Platform::Imds => Hint::act("check that no network policy blocks 169.254.169.254").or_wait(),
        Platform::AppService => Hint::act("check IDENTITY_ENDPOINT, which the platform sets").or_wait(),
    }
}

/// No setting of Entra's has a part in it, and no proxy.
pub(super) const fn tls_hint(platform: Platform) -> &'static str {
    match platform {
        Platform::Imds => "check that nothing on the node answers in place of 169.254.169.254",
        Platform::AppService => {
            "check that IDENTITY_ENDPOINT is as the platform sets it, and that its port speaks the TLS that its https says"
        }
    }
}

#[cfg(test)]
mod tests;
