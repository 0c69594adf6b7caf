//! A published file stays while what replaces it cannot be written, and what is told as removed was removed.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::domain::desired::Layout;
use crate::domain::path::RelativePath;
use crate::domain::payload::{FileBytes, Payload};
use crate::volume::BlockingVolume as _;
use crate::volume::StepObserver;
use crate::volume::flat::Step;
use crate::volume::tests::support::{AnyStep, TestVolume, expected, file, fingerprint, path, payload, texts};

/// A payload of files whose bytes are taken from what is published: to where, from where.
fn moved(files: &[(&str, &str)]) -> Payload {
    let files = files.iter().map(|(to, at)| {
        let mut file = file("", 0o440);
        file.bytes = FileBytes::Published(path(at));
        (path(to), file)
    });
    Payload {
        files: files.collect(),
        ..Payload::default()
    }
}

fn put(at: &Path) {
    fs::create_dir_all(at.parent().expect("a directory")).expect("directory");
    fs::write(at, "theirs").expect("file");
}

/// Puts somebody else's file somewhere before a step; a volume without it stops there, as in a crash.
struct Intruder {
    step: Step,
    at: PathBuf,
    crash: bool,
}

impl<S: Into<AnyStep>> StepObserver<S> for Intruder {
    fn before(&self, step: S) -> io::Result<()> {
        if step.into() == AnyStep::Flat(self.step) {
            put(&self.at);
            if self.crash {
                return Err(io::Error::other("stopped"));
            }
        }
        Ok(())
    }
}

/// Each case: what is published, what is wanted then, where somebody else's file stands.
fn cases() -> [(Payload, Payload, &'static str); 4] {
    [
        (
            payload(&[("x/a", "one", 0o440)]),
            moved(&[("z/taken", "x/a")]),
            "z/taken",
        ),
        (
            payload(&[("c/d", "one", 0o440), ("c/e/f", "two", 0o440)]),
            moved(&[("c", "c/d")]),
            "c/foreign",
        ),
        // The bytes come from elsewhere, but not before the directory is gone.
        (
            payload(&[("c/e/f", "one", 0o440)]),
            payload(&[("c", "new", 0o440)]),
            "c/e/foreign",
        ),
        // `a` stays for `taken`, so that nothing can be put below it; and so `b` stays.
        (
            payload(&[("a", "one", 0o440), ("b", "two", 0o440)]),
            moved(&[("taken", "a"), ("a/new", "b")]),
            "taken",
        ),
    ]
}

/// Fails unless the old set is there, and is known.
fn assert_stays(test: &TestVolume, old: &Payload, at: &str) {
    let mut visible = test.visible();
    let theirs = visible.remove(at).expect("somebody else's file is there");
    assert_eq!(theirs.0, b"theirs", "{at}");
    assert_eq!(visible, expected(old), "{at}");
    let recorded: Vec<_> = old.files.keys().map(RelativePath::as_str).collect();
    let observed = test.open().observe().expect("observes");
    assert_eq!(texts(&observed.files.into_keys().collect::<Vec<_>>()), recorded);
}

/// Fails unless the new set comes as soon as nothing is in its way.
fn assert_moves(test: &TestVolume, new: &Payload, at: &str) {
    fs::remove_file(test.root().join(at)).expect("removes");
    let publication = test.open().publish(new).expect("publishes");
    assert!(publication.refused.is_empty(), "{at}");
    let visible = test.visible();
    assert!(
        visible.keys().eq(new.files.keys().map(RelativePath::as_str)),
        "{at}"
    );
}

#[test]
fn a_published_file_stays_while_what_replaces_it_is_refused() {
    for (old, new, at) in cases() {
        let test = TestVolume::new(Layout::Flat);
        let volume = test.open();
        volume.publish(&old).expect("publishes");
        put(&test.root().join(at));
        let publication = volume.publish(&new).expect("publishes");
        for file in new.files.keys() {
            let refused = publication.refused.iter().any(|refused| refused.covers(file));
            assert!(refused, "{file}");
        }
        assert!(
            publication.written.is_empty() && publication.removed.is_empty(),
            "{at}"
        );
        let before = fingerprint(test.root());
        let again = volume.publish(&new).expect("publishes");
        assert_eq!(again, publication, "{at}");
        assert_eq!(fingerprint(test.root()), before, "a no-op touches something");
        drop(volume);
        assert_stays(&test, &old, at);
        assert_moves(&test, &new, at);
    }
}

#[test]
fn it_stays_also_when_the_refusal_comes_after_the_commit() {
    for (old, new, at) in cases() {
        let test = TestVolume::new(Layout::Flat);
        test.publish(&old);
        let intruder = Intruder {
            step: Step::Commit,
            at: test.root().join(at),
            crash: false,
        };
        let publication = test.open_observed(intruder).publish(&new).expect("publishes");
        assert!(
            publication.written.is_empty() && publication.removed.is_empty(),
            "{at}"
        );
        assert!(!publication.refused.is_empty(), "{at}");
        assert_stays(&test, &old, at);
        assert_moves(&test, &new, at);
    }
}

#[test]
fn it_stays_also_when_the_refusal_comes_after_a_crash() {
    let mut checked = 0;
    for (old, new, at) in cases() {
        for step in [Step::ClearWay, Step::Rename] {
            let test = TestVolume::new(Layout::Flat);
            test.publish(&old);
            let intruder = Intruder {
                step,
                at: test.root().join(at),
                crash: true,
            };
            let stopped = test.open_observed(intruder).publish(&new).is_err();
            // A rename that comes after other steps of the intent finds some of it done.
            if stopped && (step == Step::ClearWay || at == "z/taken") {
                test.open().observe().expect("recovers");
                assert_stays(&test, &old, at);
                assert_moves(&test, &new, at);
                checked += 1;
            }
        }
    }
    // Each case has something to clear out of the way or, if not, a rename.
    assert_eq!(checked, 4);
}

#[test]
fn what_else_is_gone_is_removed_although_something_is_refused() {
    let test = TestVolume::new(Layout::Flat);
    let volume = test.open();
    let old = payload(&[("a", "one", 0o440), ("b", "two", 0o440), ("c", "three", 0o440)]);
    volume.publish(&old).expect("publishes");
    put(&test.root().join("taken"));
    let publication = volume
        .publish(&moved(&[("taken", "a"), ("free", "b")]))
        .expect("publishes");
    assert_eq!(texts(&publication.removed), ["b", "c"]);
    assert_eq!(texts(&publication.written), ["free"]);
    let stays = payload(&[("a", "one", 0o440), ("free", "two", 0o440)]);
    let mut visible = test.visible();
    visible.remove("taken");
    assert_eq!(visible, expected(&stays));
    // It goes when nothing waits for it any more.
    let publication = volume
        .publish(&payload(&[("free", "two", 0o440)]))
        .expect("publishes");
    assert_eq!(texts(&publication.removed), ["a"]);
}

#[test]
fn a_file_that_stays_or_went_by_itself_is_not_told_as_removed() {
    let test = TestVolume::new(Layout::Flat);
    let volume = test.open();
    let old = payload(&[
        ("edited", "one", 0o640),
        ("missing", "two", 0o440),
        ("gone", "three", 0o440),
    ]);
    volume.publish(&old).expect("publishes");
    fs::write(test.root().join("edited"), "somebody's data").expect("writes");
    fs::remove_file(test.root().join("missing")).expect("removes");
    let publication = volume.publish(&Payload::default()).expect("publishes");
    assert_eq!(texts(&publication.removed), ["gone"]);
    assert_eq!(
        fs::read(test.root().join("edited")).expect("stays"),
        b"somebody's data"
    );
    let again = volume.publish(&Payload::default()).expect("publishes");
    assert!(again.removed.is_empty());
}
