//! Another manifest between two passes.

use tokio::sync::oneshot;

use super::*;
use crate::domain::status::WatchMode;
use crate::reconcile::reload::{NewManifest, Reload};

fn manifest(bench: &Bench, objects: Vec<ObjectSpec>) -> (Reload<FakeVault>, oneshot::Receiver<bool>) {
    let (reply, taken) = oneshot::channel();
    let manifest = NewManifest {
        spec: spec(objects),
        vault: Arc::clone(&bench.vault),
        reply,
    };
    (Reload::Taken(Box::new(manifest)), taken)
}

async fn ready(bench: &Bench) -> FakeDaemon {
    let mut daemon = daemon(bench, spec(vec![secret("a")]));
    daemon.sync().await;
    assert!(daemon.status.serves());
    daemon
}

#[tokio::test(start_paused = true)]
async fn a_reload_whose_objects_are_on_their_way_unreadies_nothing_and_is_pending() {
    let bench = Bench::holding(&["a"]);
    let mut daemon = ready(&bench).await;
    let (reload, taken) = manifest(&bench, vec![secret("a"), secret("b")]);
    daemon.reload(reload).await;
    assert_eq!(taken.await, Ok(true));
    daemon.sync().await;
    assert!(daemon.status.serves() && daemon.status.reload.pending);
    assert_eq!(bench.volume.text("a").as_deref(), Some("one"));
    bench.vault.set("b", "one", 1);
    daemon.wake(Trigger {
        wanted: SyncScope::All,
        reply: None,
    });
    daemon.sync().await;
    assert!(daemon.status.serves() && !daemon.status.reload.pending);
    assert_eq!(daemon.status.reload.taken, 1);
}

#[tokio::test(start_paused = true)]
async fn files_that_left_the_manifest_stay_until_what_it_requires_is_there() {
    let bench = Bench::holding(&["a"]);
    let mut daemon = ready(&bench).await;
    let (reload, _taken) = manifest(&bench, vec![secret("b")]);
    daemon.reload(reload).await;
    daemon.sync().await;
    assert_eq!(bench.volume.text("a").as_deref(), Some("one"));
    bench.vault.set("b", "one", 1);
    daemon.wake(Trigger {
        wanted: SyncScope::All,
        reply: None,
    });
    daemon.sync().await;
    assert_eq!(bench.volume.text("a"), None);
    assert_eq!(bench.volume.text("b").as_deref(), Some("one"));
    assert!(!daemon.status.reload.pending);
}

#[tokio::test(start_paused = true)]
async fn files_that_left_the_manifest_stay_over_a_restart_until_what_it_requires_is_there() {
    let bench = Bench::holding(&["a"]);
    drop(ready(&bench).await);
    let mut restarted = daemon(&bench, spec(vec![secret("b")]));
    restarted.recall().await;
    restarted.sync().await;
    assert_eq!(bench.volume.text("a").as_deref(), Some("one"));
    bench.vault.set("b", "one", 1);
    restarted.wake(Trigger {
        wanted: SyncScope::All,
        reply: None,
    });
    restarted.sync().await;
    assert_eq!(bench.volume.text("a"), None);
    assert_eq!(bench.volume.text("b").as_deref(), Some("one"));
}

#[tokio::test(start_paused = true)]
async fn an_entry_that_only_moves_is_confirmed_at_once() {
    let bench = Bench::holding(&["a"]);
    let mut daemon = ready(&bench).await;
    let before = daemon.status.entries[0].clone();
    let mut moved = secret("a");
    moved.files[0].path = RelativePath::parse("moved").expect("valid");
    let (reload, _taken) = manifest(&bench, vec![moved]);
    daemon.reload(reload).await;
    daemon.sync().await;
    assert_eq!(bench.volume.text("moved").as_deref(), Some("one"));
    assert_eq!(bench.volume.text("a"), None);
    assert!(daemon.status.is_served() && !daemon.status.reload.pending);
    let after = &daemon.status.entries[0];
    assert_eq!(after.version, before.version);
    assert!(after.as_asked);
}

#[tokio::test(start_paused = true)]
async fn a_manifest_that_the_volume_refuses_changes_nothing_and_says_so() {
    let bench = Bench::holding(&["a", "b"]);
    let mut daemon = ready(&bench).await;
    bench.volume.hide(true);
    let (reload, taken) = manifest(&bench, vec![secret("b")]);
    daemon.reload(reload).await;
    assert_eq!(taken.await, Ok(false));
    bench.volume.hide(false);
    assert_eq!(daemon.status.reload.problems.len(), 1);
    assert_eq!((daemon.status.reload.taken, daemon.status.reload.refused), (0, 1));
    daemon.sync().await;
    assert_eq!(bench.volume.text("b"), None);
}

#[tokio::test(start_paused = true)]
async fn a_refused_manifest_is_in_the_status_until_a_good_one_comes() {
    let bench = Bench::holding(&["a"]);
    let mut daemon = ready(&bench).await;
    daemon
        .reload(Reload::Refused(vec![
            "3:1: unknown-key: unknown key `x`".to_owned(),
        ]))
        .await;
    assert_eq!(daemon.status.reload.problems.len(), 1);
    assert!(daemon.status.serves() && !daemon.status.reload.pending);
    daemon.reload(Reload::Watching(WatchMode::Polling)).await;
    let (reload, _taken) = manifest(&bench, vec![secret("a")]);
    daemon.reload(reload).await;
    assert!(daemon.status.reload.problems.is_empty());
    assert_eq!(daemon.status.reload.watching, WatchMode::Polling);
}

#[tokio::test(start_paused = true)]
async fn files_that_disappear_unready_and_an_outage_does_not() {
    let bench = Bench::holding(&["a"]);
    let mut daemon = ready(&bench).await;
    bench.vault.refuse("a", Reason::Unreachable, None);
    for _ in 0..3 {
        tokio::time::sleep_until(daemon.next()).await;
        daemon.sync().await;
        assert!(daemon.status.serves(), "last known good is served");
    }
    bench.volume.lose("a");
    tokio::time::sleep_until(daemon.next()).await;
    daemon.sync().await;
    assert!(
        !daemon.status.serves(),
        "the file is gone, and nothing brings it back"
    );
    assert!(daemon.status.is_ready(), "a start happens once");
}
