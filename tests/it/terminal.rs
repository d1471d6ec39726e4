//! A terminal in which the binary is started: what is on its screen comes out, and keys go in. It is one of `script`, which is there on
//! most systems; where it is not, what needs it is left out, and that is said.

use std::io::{Read as _, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// What has not come by then does not come.
const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) const UP: &str = "\u{1b}[A";
pub(crate) const ENTER: &str = "\r";
pub(crate) const CTRL_C: &str = "\u{3}";

pub(crate) struct Terminal {
    child: Child,
    keys: ChildStdin,
    screen: Receiver<Vec<u8>>,
    /// What has come and was not waited for yet.
    text: String,
}

impl Terminal {
    /// Starts a command in a terminal; none where the system has none to lend.
    pub(crate) fn start(of: &Command) -> Option<Self> {
        if Command::new("script").arg("--version").output().is_err() {
            eprintln!("left out: there is no `script` to lend a terminal");
            return None;
        }
        let quoted =
            |word: &std::ffi::OsStr| format!("'{}'", word.to_str().unwrap().replace('\'', "'\\''"));
        let words = std::iter::once(of.get_program()).chain(of.get_args()).map(quoted);
        let line = format!("exec {}", words.collect::<Vec<_>>().join(" "));
        let mut command = Command::new("script");
        command.args(["-q", "-e", "-f", "-c", &line, "/dev/null"]).env_clear();
        command.envs(of.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.env("TERM", "xterm").env("SHELL", "/bin/sh").env("PATH", "/usr/bin:/bin");
        if let Some(folder) = of.get_current_dir() {
            command.current_dir(folder);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let (keys, mut shown) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let (sender, screen) = channel();
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = shown.read(&mut bytes) {
                let _ = sender.send(bytes[..count].to_vec());
            }
        });
        Some(Self { child, keys, screen, text: String::new() })
    }

    /// Waits for words on the screen; gives what stood there up to their end.
    #[track_caller]
    pub(crate) fn until(&mut self, words: &str) -> String {
        loop {
            if let Some(at) = self.text.find(words) {
                let rest = self.text.split_off(at + words.len());
                return std::mem::replace(&mut self.text, rest);
            }
            match self.screen.recv_timeout(PATIENCE) {
                Ok(bytes) => self.text.push_str(&String::from_utf8_lossy(&bytes)),
                Err(_) => panic!("`{words}` does not come: {}", self.text),
            }
        }
    }

    pub(crate) fn press(&mut self, keys: &[&str]) {
        self.keys.write_all(keys.concat().as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// Ends what runs in the terminal at once, as a loss of power would.
    pub(crate) fn kill(mut self) {
        let own = self.child.id();
        let children = format!("/proc/{own}/task/{own}/children");
        for id in std::fs::read_to_string(children).unwrap().split_whitespace() {
            assert!(Command::new("kill").args(["-s", "KILL", id]).status().unwrap().success());
        }
        self.child.wait().unwrap();
    }

    /// Waits for its end; gives the status, and what came last.
    pub(crate) fn end(mut self) -> (i32, String) {
        while let Ok(bytes) = self.screen.recv_timeout(PATIENCE) {
            self.text.push_str(&String::from_utf8_lossy(&bytes));
        }
        let last = std::mem::take(&mut self.text);
        (self.child.wait().unwrap().code().unwrap_or(-1), last)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
