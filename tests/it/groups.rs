//! `group`: objects of several vaults move together or not at all.

use fake_azure::{Denial, FakeOptions};

use crate::support::{World, stderr};

fn world() -> World {
    let options = FakeOptions {
        vaults: vec!["app".to_owned(), "shared".to_owned()],
        ..FakeOptions::default()
    };
    let world = World::with(options);
    world.fake.vault("app").set_secret("user", "one");
    world.fake.vault("shared").set_secret("password", "one");
    world.manifest_of_vaults(
        &["app", "shared"],
        "refresh: { interval: 24h }\n\
         secrets:\n\
         - { name: user, vault: app, together: login }\n\
         - { name: password, vault: shared, together: login }\n\
         templates:\n\
         - path: login.env\n\
         \x20 together: login\n\
         \x20 format: dotenv\n\
         \x20 values:\n\
         \x20 - { key: DB_USER, secret: user, vault: app }\n\
         \x20 - { key: DB_PASSWORD, secret: password, vault: shared }\n",
    );
    world
}

fn files(world: &World) -> [Option<String>; 2] {
    [world.text("user"), world.text("password")]
}

#[test]
fn nothing_of_a_group_moves_while_one_vault_refuses_and_all_of_it_when_it_answers() {
    let world = world();
    let mut running = world.run();
    running.event("Ready");
    let text = |text: &str| Some(text.to_owned());
    let template = world.text("login.env").expect("published");

    world.fake.vault("app").set_secret("user", "two");
    world.fake.vault("shared").set_secret("password", "two");
    world.fake.vault("shared").deny(Denial::Rbac);
    running.sync();
    assert_eq!(files(&world), [text("one"), text("one")]);
    assert_eq!(world.text("login.env"), Some(template.clone()));

    world.fake.vault("shared").allow();
    running.sync();
    assert_eq!(files(&world), [text("two"), text("two")]);
    assert_ne!(world.text("login.env"), Some(template));
    assert_eq!(running.stop().0.code(), Some(0));
}

#[test]
fn a_group_that_cannot_be_complete_at_first_writes_nothing_and_says_why() {
    let world = world();
    world.fake.vault("shared").deny(Denial::Rbac);
    let output = world.once();
    let log = stderr(&output);
    assert_eq!(output.status.code(), Some(5), "{log}");
    assert_eq!(files(&world), [None, None]);
    assert!(log.contains("held back with `together: login`"), "{log}");
}
