//! A request, and whether its answer is a success. What the server says besides its status is for nobody: it may quote what
//! it was sent.

mod words;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::{Client, RequestBuilder, Response};
use tokio::time::timeout;
use url::Url;

use super::off_thread;
use crate::domain::hook::HookFailure;
use crate::transport::{AuthorityOptions, direct_client};

/// How much of an answer's body is read, in bytes, and for how long, so that the server comes to its end.
const BODY: usize = 64 * 1024;
const BODY_PATIENCE: Duration = Duration::from_secs(1);

/// A server that a hook calls.
pub(super) struct Server<'h> {
    /// What is asked of it, and where it is unless there is a socket.
    pub(super) url: &'h Url,
    /// The socket through which it is reached.
    pub(super) unix_socket: Option<&'h Path>,
    /// Who vouches for it, with https.
    pub(super) authorities: AuthorityOptions,
    /// Longest time of a request.
    pub(super) longest: Duration,
}

impl Server<'_> {
    /// A client for it. Certificate authorities are read from files, off the thread.
    pub(super) async fn client(&self) -> Result<Client, HookFailure> {
        let (url, options, longest) = (self.url.clone(), self.authorities.clone(), self.longest);
        let socket = self.unix_socket.map(PathBuf::from);
        off_thread(move || direct_client(&url, socket.as_deref(), &options, longest))
            .await
            .map_err(|error| words::no_client(&error))
    }

    /// Sends the request; `expect` are the answers that are a success, and none stands for 200 to 299.
    pub(super) async fn ask(
        &self,
        request: RequestBuilder,
        expect: &BTreeSet<u16>,
    ) -> Result<(), HookFailure> {
        let answer = request
            .send()
            .await
            .map_err(|error| words::no_answer(self, &error))?;
        let status = answer.status();
        // Too slow or too long: the status is known all the same.
        let _ended = timeout(BODY_PATIENCE, read_to_limit(answer)).await;
        let good = if expect.is_empty() {
            status.is_success()
        } else {
            expect.contains(&status.as_u16())
        };
        if good {
            Ok(())
        } else {
            Err(words::not_expected(self, status, expect))
        }
    }
}

async fn read_to_limit(mut answer: Response) {
    let mut read = 0;
    while let Ok(Some(bytes)) = answer.chunk().await {
        read += bytes.len();
        if read > BODY {
            return;
        }
    }
}
