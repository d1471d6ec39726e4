//! HTML and its text: exports of helpdesks, cases by hand, and tags of chance.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use serde::Deserialize;

use super::html_to_text;

#[derive(Deserialize)]
struct Body {
    name: String,
    html: String,
    text: String,
}

/// The texts were made of the exports by a program that knows nothing of this one.
#[test]
fn bodies_of_exports_come_out_as_they_read() {
    let bodies = include_str!("../../../../../tests/samples/html_bodies.json");
    let bodies: Vec<Body> = serde_json::from_str(bodies).unwrap();
    assert!(bodies.len() > 30);
    for Body { name, html, text } in bodies {
        assert_eq!(html_to_text(&html), text, "{name}");
    }
}

#[test]
fn elements_are_laid_out() {
    for (html, text) in [
        ("", ""),
        ("plain", "plain"),
        ("a<b>b</b> c", "ab c"),
        ("  a \n\t b&nbsp;&nbsp;c ", "a b c"),
        ("a<br>b<br/>c<br><br><br>d", "a\nb\nc\n\nd"),
        ("<p>a</p><p>b</p>", "a\n\nb"),
        ("<p>a<p>b", "a\n\nb"),
        ("<p>a</p><p>&nbsp;</p><p> </p><p>b</p>", "a\n\nb"),
        ("<div>a</div><div>b</div>", "a\nb"),
        ("<div>a</div><div><br></div><div>b</div>", "a\n\nb"),
        ("<h1>T</h1>x", "T\n\nx"),
        (
            "<ul><li>a<li>b<ol start=3><li>c<li>d</ol><li>e</ul>f",
            "- a\n- b\n  3. c\n  4. d\n- e\n\nf",
        ),
        ("<ul><li><p>a</p><p>b</p></li><li>c<br>d</li></ul>", "- a\n\n  b\n\n- c\n  d"),
        ("<ul><li></li><li>a</li></ul>", "- a"),
        ("<li>a</li>", "- a"),
        (
            "<blockquote>a<br>b<p>c</p><blockquote>d</blockquote></blockquote>e",
            "> a\n> b\n>\n> c\n>\n> > d\n\ne",
        ),
        ("a<hr>b", "a\n\n---\n\nb"),
        (
            "<table><tr><td>a</td><td></td><td>c</td></tr><tr><td></td><td>d</td></tr></table>",
            "a | | c\nd",
        ),
        (
            "<table><tr><td><p>a</p></td><td><p>b</p></td></tr><tr><td><p>c</p></td></tr></table>",
            "a | b\nc",
        ),
        ("<table><tr><td>a<tr><td>b<td>c</table>d", "a\nb | c\n\nd"),
        ("<table><tr><td><ul><li>x<li>y</ul></td><td>z</td></tr></table>", "- x\n- y | z"),
        (
            "<table><tr><td>a</td><td><table><tr><td>b</td></tr></table></td></tr></table>c",
            "a\n\nb\n\nc",
        ),
        ("<pre>\n a\n\n\n  b </pre>c", " a\n\n\n  b \n\nc"),
        ("<a href='https://x.example/'>https://x.example</a>", "https://x.example"),
        ("<a href='https://x.example/a'>x</a>, y", "x (https://x.example/a), y"),
        ("<a href='mailto:a@x.example'>Lan</a>", "Lan"),
        ("<a href='https://x.example'><img src=a.png></a>", "[image: a.png] (https://x.example)"),
        (
            "<a href='https://x.example/a'>one <a href='https://x.example/b'>two",
            "one (https://x.example/a) two (https://x.example/b)",
        ),
        ("<a href='https://x.example'></a>a", "a"),
        ("a <img alt=' b \n c ' src=d>", "a [image: b c]"),
        ("<img src='https://x.example/p/%E1%BA%BFnh.png?x=1'>", "[image: ếnh.png]"),
        ("<img src='cid:ost7a9f'>", "[image: ost7a9f]"),
        ("<img src='data:image/png;base64,AAAA'>", "[image]"),
        ("a<img src=spy.gif width=1 height=1>b", "ab"),
        ("a<script>if (a<b) { '</b>' }</script><style>p{}</style>b", "ab"),
        ("<title>Mail</title><body>a</body>", "a"),
        ("Bỏ thẻ <script> đi giúp em", "Bỏ thẻ đi giúp em"),
        ("From: Kho <kho@x.example>, 1 < 2", "From: Kho <kho@x.example>, 1 < 2"),
        (
            "&lt;b&gt; &amp;amp; T&ocirc;i m&aacute;y c&#361; &#7889; &noentity;",
            "<b> &amp; Tôi máy cũ ố &noentity;",
        ),
        ("a<!-- b -->c<![CDATA[d]]>", "ac"),
        ("<o:p>a</o:p><span style='display:none'>b</span>", "ab"),
        ("Nguye\u{302}\u{303}n\u{200b}x", "Nguye\u{302}\u{303}n\u{200b}x"),
        ("a\r\nb", "a b"),
    ] {
        assert_eq!(html_to_text(html), text, "{html}");
    }
}

#[test]
fn nesting_takes_no_time_and_no_stack() {
    for tag in
        ["div", "blockquote", "ul", "li", "table", "td", "a href=https://x.example", "b", "pre"]
    {
        let html = format!("{}x", format!("<{tag}>").repeat(50_000));
        assert!(html_to_text(&html).ends_with('x') || tag.starts_with('a'), "{tag}");
    }
    let html = "<blockquote><ul><li>".repeat(20_000) + &"a<br>".repeat(20_000);
    assert!(html_to_text(&html).len() < 50 * html.len());
}

/// A hundred times as long as a usual mail. The bound is wide: for machines at work, and for code that is not made fast.
#[test]
fn a_mail_is_read_at_once() {
    let mail = "<p class=MsoNormal><span lang=VI style='font-size:11.0pt'>Dạ em chào anh&nbsp;<b>Tú</b>,<o:p></o:p></span></p>\n"
        .repeat(1000);
    let began = Instant::now();
    let text = html_to_text(&mail);
    let took = began.elapsed();
    assert!(text.starts_with("Dạ em chào anh Tú,\n\nDạ"));
    assert!(took < Duration::from_secs(20), "{took:?}");
    println!("{:.0} MB/s", mail.len() as f64 / took.as_secs_f64() / 1e6);
}

fn soup() -> impl Strategy<Value = String> {
    let tags = [
        "a href='https://x.example'",
        "p",
        "div",
        "br",
        "ul",
        "ol",
        "li",
        "table",
        "tr",
        "td",
        "blockquote",
        "pre",
        "script",
        "style",
        "title",
        "img src=a.png",
        "hr",
        "b",
        "x@y",
        "!--",
        "textarea",
    ];
    let piece = prop_oneof![
        prop::sample::select(tags.to_vec()).prop_map(|tag| format!("<{tag}>")),
        prop::sample::select(tags.to_vec())
            .prop_map(|tag| format!("</{}>", tag.split(' ').next().unwrap_or_default())),
        "[ \\n\u{a0}<>&;a-cế\"'=/]{0,6}",
        Just("&nbsp;".to_owned()),
        Just("-->".to_owned()),
    ];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_soup_ends_in_a_text_that_is_bounded(html in soup()) {
        let text = html_to_text(&html);
        prop_assert!(text.len() <= 64 * html.len() + 64, "{html:?}");
        prop_assert!(!text.ends_with(char::is_whitespace), "{html:?}: {text:?}");
        if !html.contains("<pre>") {
            prop_assert!(!text.contains("\n\n\n"), "{html:?}: {text:?}");
            prop_assert!(!text.contains(['\u{a0}', '\t']), "{html:?}: {text:?}");
        }
    }

    #[test]
    fn words_outside_of_tags_all_come_out(
        pieces in prop::collection::vec(("[a-zế]{1,8}", a_tag(), any::<bool>()), 1..30),
    ) {
        let html: String = pieces
            .iter()
            .map(|(word, tag, opens)| format!("{word} <{}{tag}>", if *opens { "" } else { "/" }))
            .collect();
        let text = html_to_text(&html);
        let mut found = text.split_whitespace();
        for (word, ..) in &pieces {
            prop_assert!(found.any(|other| other == word), "{word} of {html:?} in {text:?}");
        }
    }
}

fn a_tag() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "p",
        "div",
        "br",
        "ul",
        "ol",
        "li",
        "table",
        "tr",
        "td",
        "blockquote",
        "pre",
        "hr",
        "b",
        "h1",
        "a",
        "span",
    ])
}

#[test]
fn what_never_ends_is_text() {
    for (html, text) in [
        ("if a <b then call 0912", "if a <b then call 0912"),
        ("<p>keep</p> <a href=\"x cut off here", "keep\n\n<a href=\"x cut off here"),
        ("x <!-- rest of the text", "x <!-- rest of the text"),
        ("x <!-- rest > of the text", "x <!-- rest > of the text"),
        ("a <!-- gone --> b <", "a b <"),
        ("1 < 2", "1 < 2"),
    ] {
        assert_eq!(html_to_text(html), text, "{html}");
    }
    let all = "<a ".repeat(1_000);
    assert_eq!(html_to_text(&all).matches("<a").count(), 1_000);
}
