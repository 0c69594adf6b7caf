//! Password files on a file system that hangs.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::rendering::{PASSWORD, key_stores, set_password};
use std::time::Duration;

use super::*;
use crate::domain::answers::PasswordFile;
use crate::ports::PasswordFiles;
use crate::reconcile::asking::{AskLimits, Asking, Patience};
use crate::reconcile::fakes::{FakePasswords, Sync};
use crate::reconcile::passwords::PasswordReads;

/// Password files that no read comes back from while a test holds the lock.
struct Hanging {
    files: Arc<FakePasswords>,
    lock: tokio::sync::Mutex<()>,
    begun: AtomicUsize,
}

impl PasswordFiles for Hanging {
    fn read(&self, path: &Path) -> std::io::Result<PasswordFile> {
        self.begun.fetch_add(1, Ordering::Relaxed);
        drop(self.lock.blocking_lock());
        self.files.read(path)
    }
}

/// In real time: paused time stands still while a thread is busy.
#[tokio::test]
async fn a_password_file_that_hangs_holds_up_nothing_but_its_key_store() {
    let bench = Bench::new();
    let certificate = rcgen::generate_simple_self_signed(["web".to_owned()]).expect("signed");
    let certificate = certificate.cert.pem() + &certificate.signing_key.serialize_pem();
    bench.vault.set("web", &certificate, 1);
    set_password(&bench, "changeit");
    let passwords = Arc::new(Hanging {
        files: Arc::clone(&bench.passwords),
        lock: tokio::sync::Mutex::default(),
        begun: AtomicUsize::default(),
    });
    let reads = Arc::new(PasswordReads::new(
        Arc::clone(&passwords) as Arc<dyn PasswordFiles>
    ));
    let limits = AskLimits {
        per_object: Duration::from_millis(50),
        ..AskLimits::default()
    };
    let spec = spec(vec![key_stores(), secret("a")]);
    let mut reconciler = Sync::new(Pass {
        asking: Asking::new(
            Arc::clone(&bench.vault),
            Arc::clone(&reads),
            limits,
            Patience::Short,
        ),
        ..bench.pass(spec)
    });

    let hanging = passwords.lock.lock().await;
    for (version, value) in [(1, "one"), (2, "two")] {
        bench.vault.set("a", value, version);
        let report = reconciler.pass(Turn::All).await;
        assert!(report.volume_failure.is_none(), "{report:?}");
        assert_eq!(bench.volume.text("a").as_deref(), Some(value));
        let failures: Vec<_> = report.failures().map(|(_, failure)| failure).collect();
        assert!(
            matches!(&failures[..], [failure] if failure.reason == Reason::PasswordUnreadable
                && failure.detail.contains(PASSWORD) && failure.hint.action().contains("mount")),
            "{failures:?}"
        );
    }
    assert_eq!(
        passwords.begun.load(Ordering::Relaxed),
        1,
        "one thread hangs, not two"
    );

    drop(hanging);
    drop(reads.turn.acquire().await);
    assert!(reconciler.pass(Turn::All).await.required_are_served());
}
