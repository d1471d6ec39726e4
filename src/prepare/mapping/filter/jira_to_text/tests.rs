//! Wiki markup and its text, by hand; and markup of chance.

use proptest::prelude::*;

use super::jira_to_text;

#[test]
fn markup_becomes_text() {
    for (markup, text) in [
        ("Thanks; still broken at 9:00; see log.", "Thanks; still broken at 9:00; see log."),
        ("{code:bash}\nping 10.0.0.1 *x*\n{code}\nno answer", "ping 10.0.0.1 *x*\nno answer"),
        ("a {noformat}*b*{noformat} c", "a\n*b*\n c"),
        ("{panel:title=Ghi chú}\nĐã gọi khách\n{panel}", "Ghi chú\nĐã gọi khách"),
        ("||Ngày||Giờ||\n|09/03|10:00|", "Ngày | Giờ\n09/03 | 10:00"),
        ("|[a|https://x.example]|b|", "a (https://x.example) | b"),
        ("* a\n** b\n** c\n* d\n\n# e\n## f\n# g", "- a\n  - b\n  - c\n- d\n\n1. e\n  1. f\n2. g"),
        ("# a\n\n# b", "1. a\n\n1. b"),
        ("- a\n- b", "- a\n- b"),
        ("-1 degree, 2 * 3 * 4, snake_case_name", "-1 degree, 2 * 3 * 4, snake_case_name"),
        ("Hello! What a day! ok", "Hello! What a day! ok"),
        (
            "!anh man hinh.png|thumbnail! và !https://x.example/a/b.jpg!",
            "[image: anh man hinh.png] và [image: b.jpg]",
        ),
        (
            "[https://x.example] [mailto:a@b.example] [^log.txt] [1]",
            "https://x.example a@b.example [file: log.txt] [1]",
        ),
        ("[a|https://x.example|smart-link]", "a (https://x.example)"),
        ("{quote}\nold\n\nlines\n{quote}\nnew", "> old\n>\n> lines\nnew"),
        ("{quote}one{quote}", "> one"),
        ("bq. said", "> said"),
        ("_nghiêng_ và *đậm*, {{mã}}; {unknown} stays", "nghiêng và đậm, mã; {unknown} stays"),
        ("\\*not bold\\* a\\\\ b", "*not bold* a\nb"),
        ("C:\\temp\\file", "C:\\temp\\file"),
        ("----\nx", "---\nx"),
        ("[~accountid:712020:6f1d] [~lan]", "@712020:6f1d @lan"),
        ("Windows\r\nline", "Windows\nline"),
        ("{code}\nnever closed", "never closed"),
        ("", ""),
    ] {
        assert_eq!(jira_to_text(markup), text, "{markup}");
    }
}

proptest! {
    #[test]
    fn any_markup_ends_and_is_bounded(
        markup in prop::collection::vec(prop::sample::select(vec![
            "[", "]", "|", "!", "*", "_", "{", "}", "{code}", "{quote}", "\n", "#", "* ", "ế", "a.png", " ", "\\", "~", "https://",
        ]), 0..200),
    ) {
        let markup = markup.concat();
        let text = jira_to_text(&markup);
        prop_assert!(text.len() <= 8 * markup.len() + 64, "{markup:?}");
    }

    #[test]
    fn text_without_markup_is_left_alone(text in "[a-zA-ZàếĐ0-9.,;:()?]{1,30}( [a-zA-ZàếĐ0-9.,;:()?]{1,9}){0,5}") {
        prop_assume!(!text.starts_with("bq. ") && !text.starts_with('h'));
        prop_assert_eq!(jira_to_text(&text), text);
    }
}

#[test]
fn markup_that_is_never_closed_takes_no_time() {
    for sign in ["[", "!", "*", "_", "{", "{{", "\\", "[a ", " *a", "!a.png "] {
        let markup = sign.repeat(20_000);
        assert!(jira_to_text(&markup).len() <= markup.len() + 8, "{sign}");
    }
}
