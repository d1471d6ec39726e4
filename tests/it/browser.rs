//! A page in a real browser, where there is one: Chromium, with axe-core, which looks for what keeps people from reading it.
//!
//! Where there is no Chromium a test says so and passes, unless NOTEFERRY_BROWSER says `must`, as the gate does. NOTEFERRY_AXE
//! names the file of axe-core.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::desk::Desk;

/// What a copy of the page says of itself in the browser, which must not complain of anything. `probe` is a script that leaves
/// its findings in the element `result`.
pub(crate) fn probed(desk: &Desk, chromium: &Path, page: &str, probe: &str) -> Value {
    let nonce = page.split("nonce=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    let axe = std::env::var_os("NOTEFERRY_AXE");
    let axe = axe.map_or(String::new(), |file| std::fs::read_to_string(file).unwrap());
    let added = format!(
        "<script nonce=\"{nonce}\">{axe}</script><script nonce=\"{nonce}\">{probe}</script></body>"
    );
    desk.write("copy.html", page.replacen("</body>", &added, 1));
    let profile = tempfile::tempdir().unwrap();
    let output = Command::new(chromium)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .args(["--virtual-time-budget=8000", "--enable-logging=stderr", "--window-size=390,844"])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg("--dump-dom")
        .arg(format!("file://{}", desk.path("copy.html").display()))
        .output()
        .unwrap();
    let (dom, log) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let complaints: Vec<&str> = log.lines().filter(|line| line.contains("CONSOLE")).collect();
    assert_eq!(complaints, Vec::<&str>::new());
    let result =
        dom.split("<pre id=\"result\">").nth(1).and_then(|rest| rest.split("</pre>").next());
    let result = result.unwrap_or_else(|| panic!("the page did not answer:\n{log}"));
    let result = result.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    serde_json::from_str(&result).unwrap()
}

pub(crate) fn chromium() -> Option<PathBuf> {
    let found = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
    let found = found.iter().map(PathBuf::from).find(|path| path.is_file());
    if found.is_none() {
        let must = std::env::var("NOTEFERRY_BROWSER").is_ok_and(|word| word == "must");
        assert!(!must, "there is no Chromium, and NOTEFERRY_BROWSER says that there must be one");
        eprintln!("skipped: there is no Chromium on this machine");
    }
    found
}
