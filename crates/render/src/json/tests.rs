//! Against `serde_json` where it has an opinion.

use proptest::prelude::*;

use super::*;

fn selected(text: &str, pointer: &str) -> Result<String, JsonProblem> {
    let pointer = JsonPointer::parse(pointer).expect("a pointer");
    let bytes = select(text.as_bytes(), &pointer)?;
    Ok(String::from_utf8(bytes.expose().to_vec()).expect("text"))
}

fn missing(text: &str, pointer: &str) -> (String, Found) {
    match selected(text, pointer) {
        Err(JsonProblem::Missing { reached, found }) => (reached.as_str().to_owned(), found),
        other => panic!("expected a missing part: {other:?}"),
    }
}

#[test]
fn strings_come_out_raw_and_everything_else_as_it_is_written() {
    let text = r#" { "a/b" : [ 1.10 , 12345678901234567890123 , 1E400 , "\ud83d\ude00\t" , null ] ,
                     "o" : { "x" : true , "y" : " \" , " } , "" : -0 } "#;
    for (pointer, expected) in [
        ("/a~1b/0", "1.10"),
        ("/a~1b/1", "12345678901234567890123"),
        ("/a~1b/2", "1E400"),
        ("/a~1b/3", "\u{1f600}\t"),
        ("/a~1b/4", "null"),
        ("/o", r#"{"x":true,"y":" \" , "}"#),
        ("/o/y", " \" , "),
        ("/", "-0"),
    ] {
        assert_eq!(selected(text, pointer).as_deref(), Ok(expected), "{pointer}");
    }
    assert_eq!(selected("\u{feff} [ 1, {} ]\r\n", "").as_deref(), Ok("[1,{}]"));
}

#[test]
fn the_last_of_several_members_decides() {
    let text = r#"{"a":{"b":1},"a":{"b":2},"\u0061":{"b":3}}"#;
    assert_eq!(selected(text, "/a/b").as_deref(), Ok("3"));
    assert_eq!(
        missing(r#"{"a":{"b":1},"a":5}"#, "/a/b"),
        ("/a".to_owned(), Found::Scalar)
    );
}

#[test]
fn what_is_missing_is_told_by_place_and_number() {
    let text = r#"{"a":[1,2,3],"b":{},"c":{"d":""}}"#;
    for (pointer, reached, found) in [
        ("/x", "", Found::Object(3)),
        ("/a/3", "/a", Found::Array(3)),
        ("/a/-", "/a", Found::Array(3)),
        ("/a/01", "/a", Found::Array(3)),
        ("/b/x/y", "/b", Found::Object(0)),
        ("/c/d/e", "/c/d", Found::Scalar),
    ] {
        assert_eq!(missing(text, pointer), (reached.to_owned(), found), "{pointer}");
    }
    let error = selected(text, "/a/9").expect_err("missing");
    assert_eq!(
        error.to_string(),
        "what is at `/a` is an array (3 elements) without such a part"
    );
}

#[test]
fn a_text_that_is_not_json_is_told_by_line_and_column() {
    let place = |text: &[u8]| match select(text, &JsonPointer::parse("").expect("a pointer")) {
        Err(JsonProblem::Syntax { line, column }) => (line, column),
        other => panic!("expected a syntax error: {other:?}"),
    };
    assert_eq!(place(b""), (1, 1));
    assert_eq!(place(b"{\n \"\xc3\xa4\": 1,\n}"), (3, 1));
    assert_eq!(place(b"[1] x"), (1, 5));
    assert_eq!(place("{\"ä\": x}".as_bytes()), (1, 7));
    assert_eq!(place(b"[\"\\ud800\"]"), (1, 3));
    assert_eq!(place(b"\"a\xff\""), (1, 3));
}

#[test]
fn depth_is_bounded() {
    let nested = |levels| "[".repeat(levels) + &"]".repeat(levels);
    assert_eq!(selected(&nested(128), "/0").as_deref(), Ok(nested(127).as_str()));
    assert_eq!(
        selected(&nested(100_000), ""),
        Err(JsonProblem::TooDeep { limit: 128 })
    );
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        "\\PC{0,6}|[\"\\\\\n\u{0}]{0,3}".prop_map(Into::into),
    ];
    leaf.prop_recursive(3, 20, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            prop::collection::vec(("[a-c~/\"\\\\]{0,2}", inner), 0..4)
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
        ]
    })
}

fn pointers(value: &serde_json::Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    let mut below = |name: &str, value| {
        let name = name.replace('~', "~0").replace('/', "~1");
        pointers(value, &format!("{at}/{name}"), found);
    };
    match value {
        serde_json::Value::Array(elements) => {
            let named = elements.iter().enumerate();
            named.for_each(|(index, value)| below(&index.to_string(), value));
        }
        serde_json::Value::Object(members) => members.iter().for_each(|(name, value)| below(name, value)),
        _ => {}
    }
}

proptest! {
    #[test]
    fn every_part_is_found_as_serde_json_finds_it(value in json(), pretty: bool) {
        let text = if pretty { format!("{value:#}") } else { value.to_string() };
        let mut all = Vec::new();
        pointers(&value, "", &mut all);
        for pointer in all {
            let expected = match value.pointer(&pointer).expect("there") {
                serde_json::Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            prop_assert_eq!(selected(&text, &pointer), Ok(expected), "{} in {}", pointer, text);
        }
    }

    #[test]
    fn the_same_texts_are_json_as_for_serde_json(text in "[\\[\\]{}:,\"\\\\ u0-9dDe.+tn-]{0,12}|\\PC{0,8}") {
        let ours = selected(&text, "").is_ok();
        // Its numbers have a largest exponent.
        let theirs = serde_json::from_str::<serde_json::Value>(&text);
        let out_of_range = theirs.as_ref().is_err_and(|error| error.to_string().contains("out of range"));
        prop_assert_eq!(ours, theirs.is_ok() || out_of_range, "{:?}", text);
    }
}
