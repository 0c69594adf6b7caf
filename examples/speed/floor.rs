//! The floor: what a client by hand takes for the same start, with no SDK, no plan, no status and no care for failures.
//!
//! A process of its own, so that exec and the certificate authorities count for both. It does what no client can leave
//! out: it reads the authorities, asks for a token and for the challenge at once, asks for every object as soon as both
//! are there, and writes one file for each. Over HTTP/2 all requests leave at once. Over HTTP/1.1, which it knows
//! beforehand as no other client can, twenty connections are opened at once.

mod wire;

use std::env;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::process::Command;

use futures::future::try_join_all;
use futures::try_join;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE};
use hyper::{Method, Request};
use serde::Deserialize;
use tokio::signal::unix::{SignalKind, signal};
use url::Url;

use self::wire::{Connection, Dialer, Outcome};
use crate::cold_start::Setting;
use crate::scene::{Scene, secret_name};

/// The first argument that makes a floor of this program.
pub(crate) const ARGUMENT: &str = "floor";

/// Connections over HTTP/1.1.
const LANES: usize = 20;

const VAULT: &str = "FLOOR_VAULT";
const OBJECTS: &str = "FLOOR_OBJECTS";
const HTTP2: &str = "FLOOR_HTTP2";
const FOLDER: &str = "FLOOR_FOLDER";

/// The command of a floor in this setting, in the surroundings of the program.
pub(crate) fn command(scene: &Scene, setting: Setting) -> io::Result<Command> {
    let mut command = scene.surroundings(&env::current_exe()?);
    command
        .arg(ARGUMENT)
        .env(VAULT, scene.fake.vault("app").url())
        .env(OBJECTS, setting.objects.to_string())
        .env(FOLDER, scene.path("volume"));
    if setting.http2 {
        command.env(HTTP2, "1");
    }
    Ok(command)
}

/// Fetches everything, says so, and waits to be ended.
#[expect(clippy::print_stderr, reason = "the line is what is measured")]
pub(crate) fn run() -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut end = signal(SignalKind::terminate())?;
        let floor = Floor::from_environment().map_err(io::Error::other)?;
        floor.start().await.map_err(io::Error::other)?;
        eprintln!("Ready");
        end.recv().await;
        Ok(())
    })
}

/// What is fetched, and how.
struct Floor {
    dialer: Dialer,
    vault: Url,
    token_url: Url,
    token_body: String,
    objects: usize,
    lanes: usize,
    folder: PathBuf,
}

#[derive(Deserialize)]
struct Token {
    access_token: String,
}

#[derive(Deserialize)]
struct Secret {
    value: String,
}

impl Floor {
    fn from_environment() -> Outcome<Self> {
        let http2 = env::var_os(HTTP2).is_some();
        let authority = env::var("AZURE_AUTHORITY_HOST")?;
        let tenant = env::var("AZURE_TENANT_ID")?;
        let assertion = fs::read_to_string(env::var("AZURE_FEDERATED_TOKEN_FILE")?)?;
        let token_body = format!(
            "grant_type=client_credentials&client_id={}&scope=https%3A%2F%2Fvault.azure.net%2F.default\
             &client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer\
             &client_assertion={}",
            env::var("AZURE_CLIENT_ID")?,
            assertion.trim()
        );
        Ok(Self {
            dialer: Dialer::new(http2)?,
            vault: Url::parse(&env::var(VAULT)?)?,
            token_url: Url::parse(&authority)?.join(&format!("/{tenant}/oauth2/v2.0/token"))?,
            token_body,
            objects: env::var(OBJECTS)?.parse()?,
            lanes: if http2 { 1 } else { LANES },
            folder: env::var_os(FOLDER).ok_or("no folder")?.into(),
        })
    }

    async fn start(&self) -> Outcome<()> {
        let (vaults, token) = try_join!(self.vaults(), self.token())?;
        let lanes: Vec<Connection> = match &vaults[..] {
            // Each object is a lane of its own, on the one connection.
            [Connection::Http2(vault)] => {
                let vaults = (0..self.objects).map(|_| Connection::Http2(vault.clone()));
                vaults.collect()
            }
            _ => vaults,
        };
        let width = lanes.len();
        let read = lanes.into_iter().enumerate().map(async |(lane, mut vault)| {
            for number in (lane..self.objects).step_by(width) {
                let answer = vault.whole_answer(self.get(number, Some(&token))?).await?;
                let secret: Secret = serde_json::from_slice(&answer)?;
                fs::write(self.folder.join(secret_name(number)), secret.value)?;
            }
            Ok(())
        });
        try_join_all(read).await.map(drop)
    }

    /// The connections to the vault; over the first of them the challenge has come.
    async fn vaults(&self) -> Outcome<Vec<Connection>> {
        let lanes = 0..self.lanes.min(self.objects);
        try_join_all(lanes.map(async |lane| {
            let mut vault = self.dialer.dial(&self.vault).await?;
            if lane == 0 {
                vault.whole_answer(self.get(0, None)?).await?;
            }
            Ok(vault)
        }))
        .await
    }

    async fn token(&self) -> Outcome<String> {
        let mut entra = self.dialer.dial(&self.token_url).await?;
        let request = self
            .dialer
            .request(Method::POST, &self.token_url)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Full::from(self.token_body.clone()))?;
        let token: Token = serde_json::from_slice(&entra.whole_answer(request).await?)?;
        Ok(token.access_token)
    }

    fn get(&self, number: usize, token: Option<&String>) -> Outcome<Request<Full<Bytes>>> {
        let path = format!("/secrets/{}?api-version=7.6", secret_name(number));
        let mut request = self.dialer.request(Method::GET, &self.vault.join(&path)?);
        if let Some(token) = token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        Ok(request.body(Full::default())?)
    }
}
