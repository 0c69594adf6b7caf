//! The whole loop, for random manifests, answers, refusals and crashes: what is published never gets lost, never mixes,
//! and comes to rest.

mod expected;
mod kept;
mod life;
mod manifest;
mod world;

use std::time::Duration;

use self::manifest::{Edit, Manifest, PLACES, any_edit, any_manifest};
use super::run;
use life::Life;
use proptest::prelude::*;
use world::{NAMES, State, any_lists, any_state};

/// What happens between two syncs.
#[derive(Debug, Clone)]
enum Change {
    /// A secret gets a version; one that is no good cannot be rendered.
    Version { name: usize, good: bool },
    /// A version is disabled, or enabled again.
    Enable {
        name: usize,
        newest: usize,
        enabled: bool,
    },
    /// How the vault answers for a secret from now on.
    State(usize, State),
    /// How it answers for lists.
    Lists(State),
    /// Something foreign comes to stand at a name, or goes.
    Name(usize, bool),
    /// The volume cannot be written, or read, during one sync.
    Volume(Fault),
    /// The manifest is another one.
    Manifest(Manifest),
    /// The manifest is edited, and perhaps everything is asked for.
    Edit { edit: Edit, wake: bool },
    /// The process ends, and another one starts.
    Crash,
    /// Another one starts with an edited manifest, while lists fail that it does not remember.
    CrashAndEdit(Edit),
}

#[derive(Debug, Clone, Copy)]
enum Fault {
    Broken,
    Hidden,
    RecordsLost,
    FileLost(usize),
}

/// What makes the loop take passes.
#[derive(Debug, Clone, Copy)]
enum Act {
    /// Everything is due.
    All,
    /// One secret is.
    Only(usize),
    /// Time.
    Minutes(u64),
}

fn any_change() -> impl Strategy<Value = Change> {
    let name = 0..NAMES.len();
    prop_oneof![
        8 => (name.clone(), prop::bool::weighted(0.9)).prop_map(|(name, good)| Change::Version { name, good }),
        2 => (name.clone(), 0_usize..3, any::<bool>())
            .prop_map(|(name, newest, enabled)| Change::Enable { name, newest, enabled }),
        6 => (name, any_state()).prop_map(|(name, state)| Change::State(name, state)),
        2 => any_lists().prop_map(Change::Lists),
        2 => (0..life::FOREIGN.len(), any::<bool>()).prop_map(|(name, taken)| Change::Name(name, taken)),
        1 => prop_oneof![
            Just(Fault::Broken), Just(Fault::Hidden), Just(Fault::RecordsLost),
            (0..PLACES.len()).prop_map(Fault::FileLost),
        ].prop_map(Change::Volume),
        2 => any_manifest().prop_map(Change::Manifest),
        6 => (any_edit(), any::<bool>()).prop_map(|(edit, wake)| Change::Edit { edit, wake }),
        1 => Just(Change::Crash),
        2 => any_edit().prop_map(Change::CrashAndEdit),
    ]
}

fn any_act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => Just(Act::All),
        1 => (0..NAMES.len()).prop_map(Act::Only),
        2 => (1_u64..20).prop_map(Act::Minutes),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: std::env::var("PROPTEST_CASES").map_or(96, |n| n.parse().expect("n")), ..ProptestConfig::default() })]
    #[test]
    fn nothing_gets_lost_or_mixed_and_everything_comes_to_rest(
        first in any_manifest(),
        steps in prop::collection::vec((prop::collection::vec(any_change(), 0..4), any_act()), 1..6),
    ) {
        run(async {
            let mut life = Life::begin(&first);
            life.act(Act::All).await;
            for (changes, act) in steps {
                for change in changes {
                    life.change(change);
                }
                life.act(act).await;
                life.is_at_rest().await;
            }
            life.comes_to_rest().await;
        });
    }
}

const HOUR: Duration = Duration::from_hours(1);
