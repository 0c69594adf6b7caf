use super::*;

#[tokio::test(start_paused = true)]
async fn only_a_connection_that_was_used_a_moment_ago_is_waited_for() {
    let mut host = Host {
        opened: POOL_IDLE_CONNECTIONS,
        ended: Some(Instant::now()),
        ..Host::default()
    };
    assert_eq!(host.comes_back_until(), Some(Instant::now() + RETURNED));
    tokio::time::advance(RETURNED).await;
    assert_eq!(host.comes_back_until(), None);
    assert_eq!(host.opened, 0, "they have been closed");
}

#[tokio::test]
async fn what_is_awaited_outside_of_its_request_is_not_wanted() {
    let errand = Errand {
        address: Address("localhost:443".into()),
        ahead: false,
    };
    let inside = ERRAND.scope(errand, while_wanted(async { "opened" })).await;
    assert_eq!(inside.expect("wanted"), "opened");
    while_wanted(async { "opened" }).await.expect_err("moved away");
}
