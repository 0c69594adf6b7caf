//! What is a placeholder, and what only looks like one.

use super::*;

#[test]
fn what_is_not_rendered_is_found_wherever_it_stands() {
    for (text, shown) in [
        ("https://${VAULT}.vault.azure.net", "${…}"),
        ("https://$(VAULT).vault.azure.net", "$(…)"),
        ("{{ .Values.vault }}", "{{ … }}"),
        ("{{- .Values.vault -}}-app", "{{ … }}"),
        ("https://{{ .Values.vault }}.vault.azure.net", "{{ … }}"),
        ("${{ secrets.VAULT }}", "${{ … }}"),
        ("https://${{ vars.VAULT }}.vault.azure.net", "${{ … }}"),
        ("{% if tls %}", "{% … %}"),
        ("<%= vault %>", "<% … %>"),
        ("%VAULT%", "%…%"),
        ("https://%VAULT_NAME%.vault.azure.net", "%…%"),
        ("@@V@@", "@@…@@"),
        ("@VAULT@", "@…@"),
        ("${var.vault}", "${var.…}"),
        ("${local.vault}", "${local.…}"),
        ("$[variables.vault]", "$[…]"),
        ("__V__", "__…__"),
        ("a__b__V__", "__…__"),
        ("a%20%VAULT%", "%…%"),
        ("a < b, <yours>", "<…>"),
        ("https://__VAULT__.vault.azure.net", "__…__"),
        ("<your-vault-name>", "<…>"),
        ("https://<vault name>.vault.azure.net", "<…>"),
        ("#{vaultName}#", "#{…}#"),
        ("$KEYVAULT_NAME", "$NAME"),
        ("/mnt/$APP/akv", "$NAME"),
    ] {
        let found = Placeholder::in_value(text).map(|placeholder| placeholder.shown());
        assert_eq!(found, Some(shown), "{text}");
    }
}

#[test]
fn a_brace_is_a_placeholder_where_none_can_stand_by_right() {
    let shown = |text| Placeholder::in_name(text).map(|placeholder| placeholder.shown());
    assert_eq!(shown("http://{p}:9"), Some("{…}"));
    assert_eq!(shown("http://${p}:9"), Some("${…}"));
    assert_eq!(shown("http://p:9"), None);
}

#[test]
fn a_password_is_a_placeholder_from_end_to_end_only() {
    let shown = |text| Placeholder::whole(text).map(|placeholder| placeholder.shown());
    assert_eq!(shown("${SECRET}"), Some("${…}"));
    assert_eq!(shown(" $SECRET\n"), Some("$NAME"));
    assert_eq!(shown("a${SECRET}"), None);
    assert_eq!(shown("x$AB"), None);
}

#[test]
fn a_line_that_is_not_yaml_is_so_by_a_placeholder_that_breaks_it_or_is_all_of_it() {
    for (line, shown, range) in [
        ("{% if tls %}", "{% … %}", 0..12),
        ("  - {{ .Values.x", "{{ … }}", 4..16),
        ("name: @@V@@", "@@…@@", 6..11),
        ("name: %VAULT%", "%…%", 6..13),
        ("  ${BLOCK}", "${…}", 2..10),
        ("<% end %>", "<% … %>", 0..9),
        ("$BLOCK", "$NAME", 0..6),
        ("__BLOCK__", "__…__", 0..9),
    ] {
        let found = Placeholder::in_broken_line(line).expect(line);
        assert_eq!((found.shown(), found.range), (shown, range), "{line}");
    }
    assert_eq!(Placeholder::in_broken_line("url: \"https://${V}"), None);
}

#[test]
fn what_only_looks_like_a_placeholder_is_none() {
    for text in [
        "",
        "app/{name}",
        "a$b",
        "$",
        "svc$",
        "$1",
        "a < b",
        "<>",
        "${}",
        "<a/b>",
        "contoso",
        "machine$",
        "__init__.py",
        "a__B",
        "______",
        "a__0__",
        "100%",
        "a%2Fb%20c",
        "%2F%20",
        "%AF%20",
        "a@@b",
        "user@example.com",
    ] {
        assert_eq!(Placeholder::in_value(text), None, "{text}");
    }
}
