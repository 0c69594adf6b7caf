use super::*;

const DEPLOYMENT: &str = "# of the shop
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: shop }
spec:
  template:
    metadata:
      labels: { akv-sync/inject: \"true\" }
      annotations: { akv-sync/manifest: web-manifest }
    spec:
      initContainers: [{ name: migrate, image: web }]
      containers:
        - { name: web, image: web }
        - { name: log, image: log, volumeMounts: [{ name: tmp, mountPath: /tmp }] }
";

fn defaults() -> Defaults {
    Defaults::from([("image", "registry.example.com/akv-sync:1".to_owned())])
}

fn injected(text: &str) -> Injection {
    inject(text, &defaults()).expect("it can be done")
}

fn refused(text: &str) -> Vec<String> {
    match inject(text, &defaults()) {
        Err(InjectError::Refused { problems }) => problems.into_iter().map(|(_, problem)| problem).collect(),
        other => panic!("{other:?}"),
    }
}

fn assert_refused_once(text: &str, start: &str) {
    let problems = refused(text);
    assert!(
        problems.len() == 1 && problems[0].starts_with(start),
        "{problems:#?}"
    );
}

fn spec(text: &str) -> Node {
    let node = read::document(text).expect("YAML").expect("something");
    node.at(&["spec", "template", "spec"]).expect("a pod").clone()
}

fn names(list: &[Node]) -> Vec<&str> {
    list.iter().filter_map(|item| item.text_of("name")).collect()
}

#[test]
fn a_deployment_gets_the_sidecar_before_its_init_containers_and_each_container_the_files() {
    let Injection { text, told } = injected(DEPLOYMENT);
    assert_eq!(told[0].workload, "Deployment shop/web");
    assert_eq!(
        told[0].outcome,
        Outcome::Added {
            mode: "sidecar".to_owned()
        }
    );
    assert!(text.starts_with("# of the shop\napiVersion: apps/v1\n"), "{text}");
    let spec = spec(&text);
    assert_eq!(names(spec.items_of("initContainers")), ["akv-sync", "migrate"]);
    assert_eq!(
        names(spec.items_of("volumes")),
        ["akv", "akv-manifest", "akv-admin"]
    );
    for container in spec.items_of("containers") {
        let mount = container.items_of("volumeMounts").last().expect("a mount");
        assert_eq!(
            (mount.text_of("name"), mount.text_of("readOnly")),
            (Some("akv"), Some("true"))
        );
    }
    assert!(spec.items_of("initContainers")[1].get("volumeMounts").is_none());
    assert!(!text.contains("${"), "{text}");
}

#[test]
fn what_has_it_stays_byte_for_byte() {
    let once = injected(DEPLOYMENT);
    let twice = injected(&once.text);
    assert_eq!(twice.text, once.text);
    assert_eq!(twice.told[0].outcome, Outcome::AlreadyThere);
}

#[test]
fn a_pod_on_the_network_of_the_node_that_has_it_stays_unless_it_has_the_admin_port() {
    let with = |mode: &str| {
        DEPLOYMENT
            .replace("manifest: web-manifest", &format!("manifest: m{mode}"))
            .replace(
                "    spec:\n      init",
                "    spec:\n      hostNetwork: true\n      init",
            )
    };
    let once = injected(&with(", akv-sync/mode: init"));
    let again = once.text.replace("akv-sync/mode: init", "akv-sync/mode: \"\"");
    assert_eq!(injected(&again).told[0].outcome, Outcome::AlreadyThere);
    let own = with("").replace("name: log", "name: akv-sync");
    assert!(refused(&own)[0].starts_with("the pod has hostNetwork, "));
}

#[test]
fn what_does_not_ask_stays_byte_for_byte_with_comments_and_all() {
    let text = "# a\n---\nkind:   ConfigMap # b\ndata: {x: |\n  y}\n";
    let text = text.replace("{x: |\n  y}", "\n  x: 'y'");
    let without = DEPLOYMENT.replace("\"true\"", "\"false\"");
    let all = format!("{text}--- # next\n{without}---\n# end");
    let Injection { text: same, told } = injected(&all);
    assert_eq!(same, all);
    assert_eq!(told[0].outcome, Outcome::NotAsked);
    let added = injected(&format!("{text}---\n{DEPLOYMENT}"));
    assert!(
        added
            .text
            .starts_with(&format!("{text}---\n# of the shop\napiVersion")),
        "{}",
        added.text
    );
}

#[test]
fn each_kind_of_workload_has_its_pod_found_also_in_a_list() {
    let pod = "{metadata: {labels: {akv-sync/inject: 'true'}, annotations: {akv-sync/manifest: m}}, \
               spec: {containers: [{name: a, image: b}]}}";
    let mut items = vec![format!("{{kind: Pod, {}", &pod[1..])];
    for kind in ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job"] {
        items.push(format!("{{kind: {kind}, spec: {{template: {pod}}}}}"));
    }
    items.push(format!(
        "{{kind: CronJob, spec: {{jobTemplate: {{spec: {{template: {pod}}}}}}}}}"
    ));
    let list = format!("kind: List\nitems: [{}, {{kind: Service}}]\n", items.join(", "));
    let Injection { text, told } = injected(&list);
    assert_eq!(told.len(), 7);
    assert_eq!(text.matches("restartPolicy: Always").count(), 7, "{text}");
    assert_eq!(injected(&text).text, text);
}

#[test]
fn the_annotations_say_which_mode_path_and_containers_and_come_before_the_platform() {
    let text = DEPLOYMENT.replace(
        "akv-sync/manifest: web-manifest",
        "akv-sync/manifest: m, akv-sync/mode: both, akv-sync/mount-path: /files, akv-sync/cpu-limit: '1', \
         akv-sync/containers: 'web, migrate', akv-sync/admin-token: t, akv-sync/exit-codes: '88, 90'",
    );
    let spec = spec(&injected(&text).text);
    let containers = spec.items_of("initContainers");
    assert_eq!(names(containers), ["akv-sync-init", "akv-sync", "migrate"]);
    assert_eq!(
        containers[1].at(&["resources", "limits", "cpu"]),
        Some(&Node::text("1"))
    );
    let rules = containers[1].items_of("restartPolicyRules");
    assert_eq!(
        rules[0].items_at(&["exitCodes", "values"]),
        [Node::number("88"), Node::number("90")]
    );
    assert!(containers[0].get("restartPolicyRules").is_none());
    for container in [&containers[2], &spec.items_of("containers")[0]] {
        assert_eq!(
            container.items_of("volumeMounts")[0].text_of("mountPath"),
            Some("/files")
        );
    }
    assert_eq!(
        names(spec.items_of("containers")[1].items_of("volumeMounts")),
        ["tmp"]
    );
    let sources = spec.items_of("volumes")[1]
        .at(&["projected", "sources"])
        .expect("sources")
        .items();
    assert_eq!(sources[1].at(&["secret", "name"]), Some(&Node::text("t")));
}

#[test]
fn an_init_container_alone_needs_no_place_for_a_socket() {
    let text = DEPLOYMENT.replace("manifest: web-manifest", "manifest: m, akv-sync/mode: init");
    let spec = spec(&injected(&text).text);
    assert_eq!(
        names(spec.items_of("initContainers")),
        ["akv-sync-init", "migrate"]
    );
    assert_eq!(names(spec.items_of("volumes")), ["akv", "akv-manifest"]);
}

#[test]
fn all_that_cannot_work_is_said_at_once() {
    let text = DEPLOYMENT
        .replace(
            "akv-sync/manifest: web-manifest",
            "akv-sync/mod: both, akv-sync/mode: none, akv-sync/containers: 'x'",
        )
        .replace(
            "    spec:\n      init",
            "    spec:\n      hostNetwork: true\n      init",
        );
    let problems = refused(&text);
    let starts = [
        "the annotation akv-sync/mod is not known: use manifest, ",
        "the annotation akv-sync/manifest is missing: ",
        "the mode \"none\" is not known: ",
        "the annotation akv-sync/containers names \"x\", ",
        "the pod has hostNetwork, ",
    ];
    assert_eq!(problems.len(), starts.len(), "{problems:#?}");
    for (problem, start) in problems.iter().zip(starts) {
        assert!(problem.starts_with(start), "{problem}");
    }
}

#[test]
fn each_row_of_the_table_is_looked_for() {
    let (node, defaults) = (Node::Map(Vec::new()), Defaults::new());
    let said = words::Said::of(&node, &defaults);
    // What nobody looks for panics.
    refusals::of(&refusals::Pod::new(&node, &said, &[]));
}

#[test]
fn a_place_that_the_application_has_is_not_taken() {
    let with =
        |spec: &str| DEPLOYMENT.replace("      containers:", &format!("      {spec}\n      containers:"));
    let mount = |mount: &str| DEPLOYMENT.replace("{ name: tmp, mountPath: /tmp }", mount);
    for (text, start) in [
        (
            mount("{ name: tmp, mountPath: /mnt/akv/ }"),
            "the container log mounts the volume tmp at /mnt/akv/, ",
        ),
        (
            mount("{ name: tmp, mountPath: /mnt/akv/x }"),
            "the container log mounts the volume tmp at /mnt/akv/x, ",
        ),
        (
            mount("{ name: akv, mountPath: /x, subPath: y }"),
            "the container log mounts the volume akv by subPath, ",
        ),
        (
            with("volumes: [{ name: akv, emptyDir: {} }]"),
            "the volume akv is no emptyDir with medium Memory",
        ),
        (
            with("volumes: [{ name: akv-admin, emptyDir: {} }]"),
            "the pod has a volume akv-admin, ",
        ),
        (
            mount("{ name: tmp, mountPath: mnt//./akv }"),
            "the container log mounts the volume tmp at mnt//./akv, where",
        ),
        (
            mount("{ name: tmp, mountPath: /mnt/x/../akv }"),
            "the container log mounts the volume tmp at /mnt/x/../akv, which may be",
        ),
        (
            mount("{ name: akv, mountPath: /mnt/akv/x }"),
            "the container log mounts the volume akv at /mnt/akv/x, where",
        ),
        (
            with("securityContext: { runAsUser: 0 }"),
            "the pod has runAsUser 0, with which",
        ),
        (
            DEPLOYMENT.replace("image: log,", "image: log, ports: [{ containerPort: 8181 }],"),
            "the container log has the port 8181, ",
        ),
        (
            DEPLOYMENT.replace("\"true\"", "\"yes\""),
            "the label akv-sync/inject is \"yes\": ",
        ),
    ] {
        assert_refused_once(&text, start);
    }
    let own = with("volumes: [{ \"name\": \"akv\", emptyDir: { medium: Memory } }]");
    let own = own.replace(
        "{ name: tmp, mountPath: /tmp }",
        "{ name: akv, \"mountPath\": \"/mnt/akv/\", readOnly: true }",
    );
    let spec = spec(&injected(&own).text);
    assert_eq!(
        names(spec.items_of("volumes")),
        ["akv", "akv-manifest", "akv-admin"]
    );
    assert_eq!(spec.items_of("containers")[1].items_of("volumeMounts").len(), 1);
}

#[test]
fn a_word_that_cannot_work_is_refused() {
    for (word, start) in [
        (
            "size-limit: 32Mi",
            "the memory limit 48Mi is less than 32Mi and the size limit 32Mi, ",
        ),
        (
            "cpu-limit: 32mi",
            "\"32mi\" is no quantity such as 10m or 16Mi: correct akv-sync/cpu-limit",
        ),
        (
            "mount-path: /run/akv-sync/x",
            "the mount path \"/run/akv-sync/x\" clashes with /run/akv-sync, ",
        ),
        (
            "mount-path: /proc",
            "the mount path \"/proc\" clashes with /proc, ",
        ),
        (
            "mount-path: /etc/ssl",
            "the mount path \"/etc/ssl\" clashes with /etc/ssl/certs, ",
        ),
        (
            "mount-path: /akv-sync",
            "the mount path \"/akv-sync\" clashes with /akv-sync, ",
        ),
        (
            "memory-request: 64Mi",
            "the memory request 64Mi is more than the limit 48Mi: lower akv-sync/memory-request, ",
        ),
        ("cpu-limit: 9m", "the cpu request 10m is more than the limit 9m: "),
        ("size-limit: -1Mi", "-1Mi is less than 4Ki, "),
        ("size-limit: 1m", "1m is less than 4Ki, "),
        ("cpu-request: '-1'", "-1 is less than 0, "),
        (
            "image-pull-policy: always",
            "the pull policy \"always\" is not known: ",
        ),
    ] {
        let said = format!("manifest: m, akv-sync/{word}");
        assert_refused_once(&DEPLOYMENT.replace("manifest: web-manifest", &said), start);
    }
}

#[test]
fn a_claim_of_a_stateful_set_does_not_take_the_place_of_our_volumes() {
    let claim = |name: &str| {
        let claim = format!("spec:\n  volumeClaimTemplates: [{{metadata: {{name: {name}}}}}]\n  template:");
        let set = DEPLOYMENT.replace("kind: Deployment", "kind: StatefulSet");
        set.replace("spec:\n  template:", &claim)
    };
    assert!(refused(&claim("akv"))[0].starts_with("the volume akv is no emptyDir with medium Memory"));
    assert!(refused(&claim("akv-admin"))[0].starts_with("the pod has a volume akv-admin, "));
    injected(&claim("data"));
}

#[test]
fn what_asks_and_cannot_be_changed_is_told_and_left() {
    for text in [
        DEPLOYMENT.replace("apps/v1", "example.com/v1"),
        DEPLOYMENT.replace("kind: Deployment", "kind: Rollout"),
        DEPLOYMENT
            .split("      containers:")
            .next()
            .unwrap_or_default()
            .to_owned(),
        format!(
            "kind: DeploymentList\nitems:\n  - {}",
            DEPLOYMENT.replace('\n', "\n    ")
        ),
    ] {
        let Injection { text: same, told } = injected(&text);
        assert_eq!(same, text);
        assert_eq!(told[0].outcome, Outcome::Unknown, "{text}");
    }
    // A label of its own says nothing of pods.
    let service = "kind: Service\nmetadata: {labels: {akv-sync/inject: 'true'}}\nspec: {}\n";
    assert_eq!(injected(service).told, []);
}

#[test]
fn what_would_be_no_text_to_an_api_server_needs_quotes() {
    let label = DEPLOYMENT.replace("\"true\"", "true");
    assert_eq!(
        refused(&label),
        ["the label akv-sync/inject is true without quotes, which is no text: put it in quotes"]
    );
    for value in ["123", "1_0", "-.5", "0x1f", "No"] {
        let problems = refused(&DEPLOYMENT.replace("web-manifest", value));
        assert!(
            problems[0].starts_with(&format!("the annotation akv-sync/manifest is {value} without")),
            "{problems:?}"
        );
    }
    injected(&DEPLOYMENT.replace("web-manifest", "1-a"));
}

#[test]
fn what_is_no_list_is_not_made_one() {
    for (from, to, start) in [
        (
            "[{ name: tmp, mountPath: /tmp }]",
            "tmp",
            "volumeMounts of the container log is no list",
        ),
        (
            "[{ name: migrate, image: web }]",
            "{ a: b }",
            "spec.initContainers of the pod is no list",
        ),
        (
            "{ name: web, image: web }",
            "web",
            "a container of the pod has no name",
        ),
    ] {
        let problems = refused(&DEPLOYMENT.replace(from, to));
        assert!(
            problems.len() == 1 && problems[0].starts_with(start),
            "{problems:#?}"
        );
    }
}

#[test]
fn without_an_image_nothing_is_added() {
    let Err(InjectError::Refused { problems }) = inject(DEPLOYMENT, &Defaults::new()) else {
        panic!("there is no image");
    };
    assert!(problems[0].1.starts_with("no image is known: "), "{problems:?}");
}

#[test]
fn a_line_of_a_mistake_is_that_of_the_input() {
    let error = inject("kind: A\n---\nkind: B\n<<: {}\n", &defaults()).expect_err("a merge key");
    assert_eq!(
        error.to_string(),
        "the input cannot be read at line 4: merge keys are not supported"
    );
}

const PAGE: &str = include_str!("../../docs/inject.md");

#[test]
fn the_page_has_each_word_with_its_default_and_no_other() {
    let rows: Vec<_> = PAGE
        .lines()
        .filter(|line| line.starts_with("| `") && line.contains("| pod"))
        .collect();
    assert_eq!(rows.len(), WORDS.len(), "{rows:#?}");
    for (row, word) in rows.iter().zip(&WORDS) {
        let who = if word.of_platform { "pod, platform" } else { "pod" };
        assert!(row.starts_with(&format!("| `{}` | {who} | ", word.name)), "{row}");
        assert!(row.contains(word.is), "{row}");
        assert!(
            word.default.is_empty() || row.contains(&format!("| `{}` |", word.default)),
            "{row}"
        );
    }
}

#[test]
fn the_page_has_each_refusal() {
    for row in refusals::table() {
        let message = ["{0}", "{1}", "{2}"]
            .iter()
            .fold(row.message, |text, place| text.replace(place, "…"));
        assert!(
            PAGE.lines().any(|line| line == format!("- {message}")),
            "not on the page: - {message}"
        );
    }
}
