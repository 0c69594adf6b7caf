//! The federated token of workload identity: a file that kubelet replaces, so it is read at each exchange and never kept.

use std::path::PathBuf;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use tokio::time::{Instant, sleep};
use zeroize::Zeroizing;

use super::credential_file;
use super::refusal::{Refusal, Retry};
use super::service_text::one_line;
use super::settings::Setting;
use crate::domain::failure::Reason;

/// How long the file may be absent after the first exchange began.
pub(super) const START_WAIT: Duration = Duration::from_secs(30);

/// How often it is looked for meanwhile.
const POLL: Duration = Duration::from_millis(250);

/// The token as the file holds it now. A file that is absent is waited for until `wait_until`, an empty one never.
pub(super) async fn read(file: &Setting<PathBuf>, wait_until: Instant) -> Result<Zeroizing<String>, Refusal> {
    let mut told = false;
    loop {
        let unread = match credential_file::read(file).await {
            Ok(token) => return Ok(token),
            Err(unread) => unread,
        };
        if !unread.is_absent() || Instant::now() >= wait_until {
            return Err(unread.refusal(FILE_HINT));
        }
        if !told {
            tracing::info!(path = %file.value.display(), "Waiting for the federated token file");
            told = true;
        }
        sleep(POLL).await;
    }
}

const FILE_HINT: &str = "check that the projected service account token is mounted in this container: the webhook mounts it when the pod has the label azure.workload.identity/use: \"true\"";

/// What is missing while [`read`] waits; `None` when the file is there.
pub(super) fn absence(file: &Setting<PathBuf>) -> Option<Refusal> {
    let detail = || format!("{} ({}) is not there yet", file.value.display(), file.name);
    let is_absent = matches!(file.value.try_exists(), Ok(false));
    is_absent.then(|| Refusal::new(Reason::IdentityNotPropagated, Retry::Backoff, detail(), FILE_HINT))
}

/// Who issued a federated token, for whom and about whom: what Entra compares with the federated credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Claims {
    pub(super) issuer: String,
    pub(super) subject: String,
    pub(super) audience: String,
}

impl Claims {
    /// Reads the payload without verifying it: it is only shown. `None` when the text is not a JSON Web Token.
    pub(super) fn of(token: &str) -> Option<Self> {
        let payload = token.split('.').nth(1)?;
        let payload = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
        let payload: Value = serde_json::from_slice(&payload).ok()?;
        let text = |value: &Value| one_line(value.as_str().unwrap_or("(none)"));
        let audience = match &payload["aud"] {
            Value::Array(all) => all.iter().take(4).map(text).collect::<Vec<_>>().join(" "),
            other => text(other),
        };
        payload.is_object().then(|| Self {
            issuer: text(&payload["iss"]),
            subject: text(&payload["sub"]),
            audience,
        })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    const SETTING: &str = "identity.tokenFile";

    /// A token whose signature is worthless; nothing here verifies it.
    pub(in crate::identity) fn jwt(payload: &str) -> String {
        format!(
            "{}.{}.c2lnbmF0dXJl",
            URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256"}"#),
            URL_SAFE_NO_PAD.encode(payload)
        )
    }

    #[test]
    fn claims_are_shown_and_never_the_signature() {
        let token =
            jwt(r#"{"iss":"https://issuer.example.com/","sub":"system:serviceaccount:a:b","aud":["x"]}"#);
        let claims = Claims::of(&token).expect("a token");
        assert_eq!(claims.issuer, "https://issuer.example.com/");
        assert_eq!(claims.subject, "system:serviceaccount:a:b");
        assert_eq!(claims.audience, "x");
        for odd in ["", "a", "a.b.c", "..", &jwt("[]"), &jwt("7"), "é.é.é"] {
            assert_eq!(Claims::of(odd), None, "{odd}");
        }
        assert_eq!(Claims::of(&jwt("{}")).expect("an object").issuer, "(none)");
    }

    #[tokio::test]
    async fn the_file_is_read_anew_each_time_without_byte_order_mark_and_line_end() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("token");
        let file = Setting::new(path.clone(), SETTING);
        for (content, token) in [("one\n", "one"), ("\u{feff}two\r\n", "two"), ("three ", "three ")] {
            std::fs::write(&path, content).expect("written");
            let read = read(&file, Instant::now()).await;
            assert_eq!(read.expect("read").as_str(), token);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_file_that_comes_late_is_waited_for() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("token");
        let file = Setting::new(path.clone(), SETTING);
        let began = Instant::now();
        let (token, ()) = tokio::join!(read(&file, began + START_WAIT), async {
            sleep(Duration::from_secs(5)).await;
            // Whole at once, as the kubelet does it: a file that is just being written may be read empty.
            let written = path.with_extension("new");
            std::fs::write(&written, "late").expect("written");
            std::fs::rename(&written, &path).expect("renamed");
        });
        assert_eq!(token.expect("read").as_str(), "late");
        assert!(began.elapsed() < Duration::from_secs(6), "{:?}", began.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn a_file_that_never_comes_is_named_after_the_bound() {
        let file = Setting::new("/nonexistent/token", SETTING);
        let began = Instant::now();
        let refusal = read(&file, began + START_WAIT).await.expect_err("absent");
        assert!(
            began.elapsed() >= START_WAIT && began.elapsed() < START_WAIT + POLL * 2,
            "{:?}",
            began.elapsed()
        );
        assert_eq!(refusal.failure.reason, Reason::IdentityMisconfigured);
        assert!(refusal.failure.detail.contains("/nonexistent/token"));
        assert!(refusal.failure.detail.contains(SETTING));
    }

    #[tokio::test(start_paused = true)]
    async fn an_empty_an_oversized_and_an_odd_file_are_errors_at_once() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("token");
        let file = Setting::new(path.clone(), SETTING);
        let began = Instant::now();
        for content in ["", "\n \n", &"x".repeat(70_000)] {
            std::fs::write(&path, content).expect("written");
            let refusal = read(&file, began + START_WAIT).await.expect_err("refused");
            assert_eq!(refusal.failure.reason, Reason::IdentityMisconfigured);
        }
        let refusal = read(&Setting::new(dir.path(), SETTING), began + START_WAIT)
            .await
            .expect_err("a directory");
        assert!(refusal.failure.detail.contains("not a regular file"));
        assert_eq!(began.elapsed(), Duration::ZERO);
    }
}
