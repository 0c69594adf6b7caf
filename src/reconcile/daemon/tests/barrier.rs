//! A pass is no barrier: what is slow, and what fails, holds up nothing else.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use testing::pfx::MODERN;

use super::*;
use crate::domain::desired::CertificateContent;
use crate::domain::object::{ObjectKind, VaultId};

const HANG: Duration = Duration::from_millis(300);

fn in_vault(vault: &str, object: ObjectSpec) -> ObjectSpec {
    let mut object = object;
    object.wanted.object.vault = VaultId::named(vault);
    object
}

#[tokio::test(start_paused = true)]
async fn an_object_that_hangs_delays_the_others_by_a_quarter_of_a_second() {
    let bench = Bench::holding(&["a", "b"]);
    bench.vault.silence("silent");
    let (_waker, _stopped, _running) = start(&bench, spec(vec![secret("silent"), secret("a"), secret("b")]));
    pass_time(HANG).await;
    assert_eq!(bench.volume.text("a").as_deref(), Some("one"));
    assert_eq!(bench.volume.text("b").as_deref(), Some("one"));
}

#[tokio::test(start_paused = true)]
async fn a_list_that_hangs_delays_nothing_else() {
    let bench = Bench::holding(&["a"]);
    bench.vault.silence_lists();
    let mut spec = spec(vec![secret("a")]);
    spec.selections.push(select("app-"));
    let (_waker, _stopped, _running) = start(&bench, spec);
    pass_time(HANG).await;
    assert_eq!(bench.volume.text("a").as_deref(), Some("one"));
}

#[tokio::test(start_paused = true)]
async fn the_last_answer_publishes_at_once() {
    let bench = Bench::holding(&["a", "b"]);
    let (_waker, _stopped, _running) = start(&bench, spec(vec![secret("a"), secret("b")]));
    pass_time(Duration::from_millis(1)).await;
    assert_eq!(bench.volume.text("b").as_deref(), Some("one"));
}

#[tokio::test(start_paused = true)]
async fn answers_that_trickle_in_are_published_within_a_second_of_the_first() {
    let bench = Bench::new();
    let names: Vec<String> = (0..20).map(|number| format!("secret-{number:02}")).collect();
    for (number, name) in (1..).zip(&names) {
        bench.vault.set(name, "one", 1);
        bench.vault.delay(name, Duration::from_millis(200) * number);
    }
    let objects = names.iter().map(|name| secret(name)).collect();
    let (_waker, _stopped, _running) = start(&bench, spec(objects));
    pass_time(Duration::from_millis(1_190)).await;
    assert_eq!(
        bench.volume.text("secret-00"),
        None,
        "no answer is a quarter of a second late"
    );
    pass_time(Duration::from_millis(20)).await;
    assert_eq!(bench.volume.text("secret-00").as_deref(), Some("one"));
    assert_eq!(bench.volume.text("secret-19"), None);
    pass_time(Duration::from_secs(3)).await;
    assert_eq!(bench.volume.text("secret-19").as_deref(), Some("one"));
}

#[tokio::test(start_paused = true)]
async fn what_moves_together_waits_for_the_member_that_hangs_and_nothing_else_does() {
    let bench = Bench::holding(&["a", "b", "alone"]);
    let objects = spec(vec![grouped("a"), grouped("b"), secret("alone")]);
    let (waker, _stopped, _running) = start(&bench, objects);
    pass_time(Duration::from_secs(1)).await;
    for name in ["a", "b", "alone"] {
        bench.vault.set(name, "two", 2);
    }
    bench.vault.delay("b", Duration::from_secs(10));
    waker.wake();
    pass_time(HANG).await;
    assert_eq!(bench.volume.text("alone").as_deref(), Some("two"));
    assert_eq!(bench.volume.text("a").as_deref(), Some("one"));
    pass_time(Duration::from_secs(10)).await;
    let pair = ["a", "b"].map(|name| bench.volume.text(name));
    assert_eq!(pair, ["two", "two"].map(|text| Some(text.to_owned())));
    let asked = count(&bench.vault.take_calls(), "a");
    assert_eq!(
        asked, 2,
        "its answer was kept for the other one, not asked for again"
    );
}

#[tokio::test(start_paused = true)]
async fn a_question_that_is_still_open_does_not_hold_up_the_next_due_ones() {
    let bench = Bench::holding(&["a"]);
    bench.vault.silence("silent");
    let mut spec = spec(vec![secret("a"), secret("silent")]);
    for object in &mut spec.objects {
        object.interval = Duration::from_secs(10);
    }
    let (_waker, _stopped, _running) = start(&bench, spec);
    pass_time(Duration::from_secs(29)).await;
    let calls = bench.vault.take_calls();
    assert_eq!(count(&calls, "silent"), 1);
    assert!(count(&calls, "a") >= 2, "{calls:?}");
}

#[tokio::test(start_paused = true)]
async fn questions_that_hang_give_their_places_to_others() {
    let bench = Bench::holding(&["late"]);
    let names: Vec<String> = (0..60).map(|number| format!("hangs-{number:02}")).collect();
    for name in &names {
        bench.vault.silence(name);
    }
    let mut objects: Vec<_> = names.iter().map(|name| secret(name)).collect();
    objects.push(optional("late"));
    let (_waker, _stopped, _running) = start(&bench, spec(objects));
    pass_time(Duration::from_secs(4)).await;
    assert_eq!(bench.volume.text("late").as_deref(), Some("one"));
}

#[tokio::test(start_paused = true)]
async fn a_vault_that_hangs_does_not_hold_up_another() {
    let bench = Bench::holding(&["good"]);
    let names: Vec<String> = (0..60).map(|number| format!("hangs-{number:02}")).collect();
    for name in &names {
        bench.vault.silence(name);
    }
    let mut objects: Vec<_> = names.iter().map(|name| secret(name)).collect();
    objects.push(in_vault("zz", secret("good")));
    let (_waker, _stopped, _running) = start(&bench, spec(objects));
    pass_time(HANG).await;
    assert_eq!(bench.volume.text("good").as_deref(), Some("one"));
}

#[tokio::test(start_paused = true)]
async fn a_throttled_optional_secret_costs_the_healthy_required_ones_nothing() {
    let bench = Bench::new();
    let names: Vec<String> = (0..60).map(|number| format!("secret-{number:02}")).collect();
    for name in &names {
        bench.vault.set(name, "one", 1);
    }
    let asked_for = Some(Duration::from_secs(30));
    bench.vault.refuse("a-first", Reason::Throttled, asked_for);
    let mut objects = vec![optional("a-first")];
    objects.extend(names.iter().map(|name| secret(name)));
    let (_waker, _stopped, _running) = start(&bench, spec(objects));
    pass_time(HANG).await;
    assert!(names.iter().all(|name| bench.volume.text(name).is_some()));
}

#[tokio::test(start_paused = true)]
async fn once_ends_two_seconds_after_the_required_ones_and_names_the_rest() {
    let bench = Bench::holding(&["a"]);
    bench.vault.silence("b");
    let began = Instant::now();
    let mut daemon = daemon(&bench, spec(vec![secret("a"), optional("b")]));
    daemon.until_served(began + INTERVAL).await;
    assert!(daemon.status.is_served());
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    let waits: Vec<_> = daemon.status.entries.iter().filter(|entry| entry.waits).collect();
    assert!(matches!(waits[..], [entry] if entry.id.to_string() == "app/secrets/b"));
}

/// 503 for a minute.
#[tokio::test(start_paused = true)]
async fn a_vault_in_trouble_gets_fewer_calls_than_a_healthy_one() {
    for (interval, healthy) in [(Duration::from_secs(10), 30), (Duration::from_hours(1), 5)] {
        let bench = Bench::holding(&["a", "b", "c", "d", "e"]);
        let mut spec = spec(["a", "b", "c", "d", "e"].map(secret).into());
        for object in &mut spec.objects {
            object.interval = interval;
        }
        let (waker, _stopped, _running) = start(&bench, spec);
        pass_time(Duration::from_secs(1)).await;
        bench.vault.take_calls();
        for name in ["a", "b", "c", "d", "e"] {
            bench.vault.refuse(name, Reason::Unavailable, None);
        }
        waker.wake();
        pass_time(Duration::from_mins(1)).await;
        let calls = bench.vault.take_calls().len();
        assert!(
            calls <= healthy + 5,
            "{calls} calls at an interval of {interval:?}"
        );
    }
}

/// A certificate whose value takes all the key derivation that one may cost, and is then no good.
fn hostile(bench: &Bench, name: &str) -> ObjectSpec {
    let mut recipe = MODERN;
    recipe.mac = None;
    recipe.iterations = 1_900_000;
    bench.vault.set(name, &STANDARD.encode(recipe.pfx()), 1);
    let mut object = secret(name);
    object.wanted.object.kind = ObjectKind::Certificate;
    object.files[0].content = Content::Certificate(CertificateContent::FullChain { root: false });
    object
}

/// In real time: paused time stands still while a thread is busy.
#[tokio::test]
async fn values_that_take_seconds_to_open_hold_up_neither_the_others_nor_the_end() {
    let bench = Bench::holding(&["plain"]);
    let names: Vec<String> = (0..20).map(|number| format!("hostile-{number}")).collect();
    let mut objects: Vec<_> = names.iter().map(|name| hostile(&bench, name)).collect();
    objects.push(secret("plain"));
    let (_waker, stopped, running) = start(&bench, spec(objects));
    let published = async {
        while bench.volume.text("plain").is_none() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), published)
        .await
        .expect("it does not wait for them");
    let began = Instant::now();
    stopped.send_replace(true);
    running.await.expect("the loop ends");
    assert!(
        began.elapsed() < Duration::from_millis(500),
        "{:?}",
        began.elapsed()
    );
}

/// Twenty are under way at once, so they hang in two lots, and one of them is always under way.
#[tokio::test(start_paused = true)]
async fn once_ends_although_more_required_objects_hang_than_are_asked_at_once() {
    let bench = Bench::holding(&["healthy"]);
    let names: Vec<String> = (0..25).map(|number| format!("silent-{number:02}")).collect();
    for name in &names {
        bench.vault.silence(name);
    }
    let mut objects: Vec<_> = names.iter().map(|name| secret(name)).collect();
    objects.push(secret("healthy"));
    let began = Instant::now();
    let mut once = daemon(&bench, spec(objects));
    once.until_served(began + Duration::from_secs(1)).await;
    let took = began.elapsed();
    assert!(took <= Duration::from_secs(32), "{took:?}");
    assert_eq!(bench.volume.text("healthy").as_deref(), Some("one"));
    assert_eq!(once.reasons().len(), 25, "each of them is named");
}

#[tokio::test(start_paused = true)]
async fn an_object_that_timed_out_is_told_while_another_one_hangs() {
    let bench = Bench::holding(&["a"]);
    bench.vault.silence("first");
    let told = Arc::new(std::sync::Mutex::new(Vec::new()));
    let mut optional = secret("first");
    optional.required = false;
    let mut later = secret("later");
    later.required = false;
    bench.vault.set("later", "one", 1);
    bench.vault.delay("later", Duration::from_secs(50));
    let pass = bench.pass(spec(vec![secret("a"), optional, later]));
    let daemon = Daemon::new(pass, vec![Box::new(Failures(Arc::clone(&told)))]);
    let (_waker, triggers) = channel();
    let (_stopped, stop) = watch::channel(false);
    let _running = tokio::spawn(daemon.run(triggers, stop));
    pass_time(Duration::from_secs(32)).await;
    let told = told.lock().expect("told").clone();
    assert!(told.contains(&"app/secrets/first".to_owned()), "{told:?}");
}

/// Notes which failures are news.
struct Failures(Arc<std::sync::Mutex<Vec<String>>>);

impl crate::ports::Observer for Failures {
    fn tell(&mut self, _: &Status, events: &[Event]) {
        let failures = events.iter().filter_map(|event| match event {
            Event::Failing {
                entries, news: true, ..
            } => Some(entries.iter().map(ToString::to_string)),
            _ => None,
        });
        self.0.lock().expect("told").extend(failures.flatten());
    }
}
