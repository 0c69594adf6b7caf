//! `fake-azure`: the fake as a program, for people, scripts and tests of other processes.

use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::{PathBuf, absolute};
use std::time::Duration;

use clap::Parser;
use fake_azure::{
    CertificateIssuer, CertificateOptions, FEDERATED_AUDIENCE, FakeAzure, FakeOptions, KeyOptions,
};

/// How often a federated token file is written again, well within the hour that a token lives.
const PROJECTION: Duration = Duration::from_mins(10);

/// Key Vault, Entra and the identity endpoints of Azure on loopback.
///
/// Prints the environment that a client needs as shell assignments, and answers until it is ended.
#[derive(Debug, Parser)]
#[command(name = "fake-azure", version)]
struct Arguments {
    /// Serves all vaults and Entra under their real names at this address
    #[arg(long, value_name = "ADDRESS")]
    https: Option<SocketAddr>,
    /// Serves the instance metadata service at this address
    #[arg(long, value_name = "ADDRESS")]
    imds: Option<SocketAddr>,
    /// A vault; give it again for more
    #[arg(long = "vault", value_name = "NAME", default_value = "app")]
    vaults: Vec<String>,
    /// The round-trip time to pretend
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 0)]
    round_trip: u64,
    /// How long access tokens live
    #[arg(long, value_name = "SECONDS", default_value_t = 86_400)]
    token_lifetime: u64,
    /// Does not offer HTTP/2
    #[arg(long)]
    http1_only: bool,
    /// Writes the certificate of the authority to trust
    #[arg(long, value_name = "FILE")]
    ca_out: Option<PathBuf>,
    /// Writes a service account token, and again every ten minutes
    #[arg(long, value_name = "FILE")]
    federated_token_out: Option<PathBuf>,
    /// Trusts service account tokens of this issuer, such as a cluster's API server, besides its own
    #[arg(long, value_name = "URL", requires_all = ["issuer_keys", "issuer_subjects"])]
    issuer: Option<String>,
    /// The keys of that issuer: the JWKS that it publishes
    #[arg(long, value_name = "FILE", requires = "issuer")]
    issuer_keys: Option<PathBuf>,
    /// A subject that it may vouch for, `system:serviceaccount:NAMESPACE:NAME`; give it again for more
    #[arg(long = "issuer-subject", value_name = "SUBJECT", requires = "issuer")]
    issuer_subjects: Vec<String>,
    /// Writes the environment, after all other files and when everything answers
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
    /// Puts a secret `db-password`, a certificate `web-tls` and a key `token-signing` into the first vault
    #[arg(long)]
    seed: bool,
    /// Sets a new `db-password` in this interval
    #[arg(long, value_name = "SECONDS", requires = "seed", value_parser = clap::value_parser!(u64).range(1..))]
    rotate: Option<u64>,
}

fn main() -> io::Result<()> {
    let arguments = Arguments::parse();
    let fake = FakeAzure::start(FakeOptions {
        http2: !arguments.http1_only,
        round_trip: Duration::from_millis(arguments.round_trip),
        vaults: arguments.vaults.clone(),
        token_lifetime: Duration::from_secs(arguments.token_lifetime),
        https: arguments.https,
        imds: arguments.imds,
    })?;
    if arguments.seed {
        seed(&fake, &arguments);
    }
    if let (Some(issuer), Some(keys)) = (&arguments.issuer, &arguments.issuer_keys) {
        let jwks = std::fs::read_to_string(keys)?;
        fake.trust_issuer(issuer, &jwks, &arguments.issuer_subjects)
            .map_err(|error| io::Error::other(format!("{}: {error}", keys.display())))?;
    }
    if let Some(path) = &arguments.ca_out {
        std::fs::write(path, fake.ca_pem())?;
    }
    project_token(&fake, &arguments)?;
    let environment = environment(&fake, &arguments)?;
    io::stdout().write_all(environment.as_bytes())?;
    io::stdout().flush()?;
    if let Some(path) = &arguments.ready_file {
        // Renamed, so that whoever waits for the name finds it whole.
        let unfinished = path.with_extension("tmp");
        std::fs::write(&unfinished, environment)?;
        std::fs::rename(unfinished, path)?;
    }
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()?
        .block_on(live(&fake, &arguments))
}

fn seed(fake: &FakeAzure, arguments: &Arguments) {
    let vault = fake.vault(&arguments.vaults[0]);
    vault.set_secret("db-password", "db-password-1");
    vault.create_key("token-signing", &KeyOptions::default());
    let web = CertificateOptions {
        issuer: CertificateIssuer::Authority,
        ..CertificateOptions::default()
    };
    vault.create_certificate("web-tls", &web);
}

fn project_token(fake: &FakeAzure, arguments: &Arguments) -> io::Result<()> {
    let Some(path) = &arguments.federated_token_out else {
        return Ok(());
    };
    let unfinished = path.with_extension("tmp");
    std::fs::write(&unfinished, fake.assertion().audience(FEDERATED_AUDIENCE).sign())?;
    std::fs::rename(unfinished, path)
}

/// Shell assignments in the names that Azure's own tools use.
fn environment(fake: &FakeAzure, arguments: &Arguments) -> io::Result<String> {
    let mut lines = vec![
        format!("AZURE_AUTHORITY_HOST={}/", fake.authority()),
        format!("AZURE_TENANT_ID={}", fake.tenant_id()),
        format!("AZURE_CLIENT_ID={}", fake.client_id()),
        format!("IDENTITY_ENDPOINT={}", fake.identity_endpoint()),
        format!("IDENTITY_HEADER={}", fake.identity_header()),
        // Not under its own name: exporting everything would make a client prefer it to the federated token.
        format!("FAKE_AZURE_CLIENT_SECRET={}", fake.client_secret()),
    ];
    if let Some(path) = &arguments.federated_token_out {
        lines.push(format!(
            "AZURE_FEDERATED_TOKEN_FILE={}",
            absolute(path)?.display()
        ));
    }
    if let Some(path) = &arguments.ca_out {
        lines.push(format!("SSL_CERT_FILE={}", absolute(path)?.display()));
    }
    for name in &arguments.vaults {
        let variable = name.to_ascii_uppercase().replace('-', "_");
        lines.push(format!("FAKE_AZURE_VAULT_{variable}={}", fake.vault(name).url()));
    }
    Ok(lines.join("\n") + "\n")
}

/// Rotates and projects until the process is ended.
async fn live(fake: &FakeAzure, arguments: &Arguments) -> io::Result<()> {
    const NEVER: Duration = Duration::from_hours(365 * 24);
    let interval = arguments.rotate.map_or(NEVER, Duration::from_secs);
    let mut rotation = tokio::time::interval(interval);
    let mut projection = tokio::time::interval(PROJECTION);
    rotation.tick().await;
    let mut number = 1u64;
    loop {
        tokio::select! {
            _ = rotation.tick() => {
                number += 1;
                let value = format!("db-password-{number}");
                fake.vault(&arguments.vaults[0]).set_secret("db-password", &value);
            }
            _ = projection.tick() => project_token(fake, arguments)?,
        }
    }
}
