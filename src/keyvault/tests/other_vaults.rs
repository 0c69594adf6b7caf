//! Another list of vaults between two passes.

use std::time::Duration;

use super::stage::*;
use crate::domain::desired::VaultSpec;
use crate::domain::failure::Reason;
use crate::domain::object::ObjectKind;
use crate::keyvault::KeyVault;
use crate::ports::Vault as _;

const ONE: &str = "https://one.vault.azure.net/";
const TWO: &str = "https://two.vault.azure.net/";
const THREE: &str = "https://three.vault.azure.net/";

fn stage() -> Stage {
    let vaults = [spec("one", ONE), spec("two", TWO)];
    Stage::of(&vaults, Duration::ZERO, Duration::ZERO, |call| {
        Ok(if call.token.is_none() {
            Reply::challenge()
        } else {
            Reply::object(call)
        })
    })
}

/// Asks the vault for a secret; gives the host and whether there was a token, of each call that it led to.
async fn asked(stage: &Stage, vault: &KeyVault, of: VaultSpec) -> Vec<(String, bool)> {
    let before = stage.calls().len();
    let mut source = source(ObjectKind::Secret, "a");
    source.object.vault = of.id();
    vault.fetch(&source, &usual()).await.expect("fetched");
    let calls = stage.calls();
    let new = calls[before..].iter();
    new.map(|call| {
        let host = call.url.host_str().expect("a host").to_owned();
        (host, call.token.is_some())
    })
    .collect()
}

fn call(host: &str, with_token: bool) -> (String, bool) {
    (format!("{host}.vault.azure.net"), with_token)
}

#[tokio::test]
async fn a_vault_that_stays_is_not_asked_for_its_challenge_again_whatever_its_name() {
    let stage = stage();
    for (name, url) in [("one", ONE), ("two", TWO)] {
        let calls = asked(&stage, &stage.vault, spec(name, url)).await;
        assert_eq!(calls, [call(name, false), call(name, true)]);
    }
    // `one` stays, the vault of `two` is called `other` now, and `two` is another vault.
    let vaults = [spec("one", ONE), spec("other", TWO), spec("two", THREE)];
    let next = stage.vault.with_vaults(&vaults).expect("valid URLs");
    assert_eq!(asked(&stage, &next, spec("one", ONE)).await, [call("one", true)]);
    assert_eq!(
        asked(&stage, &next, spec("other", TWO)).await,
        [call("two", true)]
    );
    let calls = asked(&stage, &next, spec("two", THREE)).await;
    assert_eq!(calls, [call("three", false), call("three", true)]);
}

#[tokio::test]
async fn two_names_of_one_vault_share_what_is_known_of_it() {
    let stage = stage();
    let vaults = [spec("one", ONE), spec("alias", ONE)];
    let vault = stage.vault.with_vaults(&vaults).expect("valid URLs");
    assert_eq!(asked(&stage, &vault, spec("one", ONE)).await.len(), 2);
    assert_eq!(
        asked(&stage, &vault, spec("alias", ONE)).await,
        [call("one", true)]
    );
}

#[tokio::test]
async fn a_vault_that_left_is_called_no_more() {
    let stage = stage();
    let next = stage.vault.with_vaults(&[spec("one", ONE)]).expect("valid URLs");
    let gone = source_at("two", ObjectKind::Secret, "a");
    let failure = next.fetch(&gone, &usual()).await.expect_err("unknown");
    assert_eq!(failure.reason, Reason::BadRequest);
    assert_eq!(stage.calls(), []);
}

#[tokio::test]
async fn a_vault_that_is_trusted_by_name_no_longer_starts_anew() {
    let mut trusted = spec("one", ONE);
    trusted.trusted_by_name = true;
    let stage = stage();
    let vault = stage.vault.with_vaults(&[trusted]).expect("valid URLs");
    assert_eq!(asked(&stage, &vault, spec("one", ONE)).await.len(), 2);
    let vault = vault.with_vaults(&[spec("one", ONE)]).expect("valid URLs");
    assert_eq!(asked(&stage, &vault, spec("one", ONE)).await.len(), 2);
}
