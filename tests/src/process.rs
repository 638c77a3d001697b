//! A program that runs until somebody ends it.

use std::io::{BufRead as _, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use crate::output::shown;
use crate::{PATIENCE, wait_until};

/// A program that runs. Dropping it kills it, and tells what it said if the test has failed.
#[derive(Debug)]
pub struct Process {
    command: String,
    child: Child,
    lines: Receiver<String>,
    said: Arc<Mutex<String>>,
}

impl Process {
    /// Starts it.
    ///
    /// # Panics
    /// If it does not start.
    #[must_use]
    pub fn start(command: &mut Command) -> Self {
        let shown = shown(command);
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = child.unwrap_or_else(|error| panic!("{shown}: {error}"));
        let (sender, lines) = mpsc::channel();
        each_line(child.stdout.take().unwrap(), move |line| {
            let _ = sender.send(line);
        });
        let said = Arc::new(Mutex::new(String::new()));
        let saying = Arc::clone(&said);
        each_line(child.stderr.take().unwrap(), move |line| {
            let mut said = saying.lock().unwrap();
            said.push_str(&line);
            said.push('\n');
        });
        Self { command: shown, child, lines, said }
    }

    /// The next line that it prints.
    ///
    /// # Panics
    /// If none comes in time, or it ends.
    #[must_use]
    pub fn line(&mut self, bound: Duration) -> String {
        wait_until(&format!("a line of {}", self.command), bound, || {
            // Why: whoever has ended may have printed before; so the end is looked at first.
            let ended = self.child.try_wait().unwrap();
            match (self.lines.try_recv(), ended) {
                (Ok(line), _) => Ok(line),
                (Err(mpsc::TryRecvError::Disconnected), Some(status)) => {
                    panic!("{} ended with {status}: {}", self.command, self.said())
                }
                (Err(_), _) => Err(format!("it has said only this: {}", self.said())),
            }
        })
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// A number that Linux tells of it: `VmRSS`, `VmHWM` (in kB).
    ///
    /// # Panics
    /// If the system does not tell.
    #[must_use]
    pub fn told(&self, what: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id())).expect("it runs");
        let line = status.lines().find(|line| line.starts_with(what)).expect("a line of /proc");
        line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).expect("a number")
    }

    /// How many files and connections it has open.
    ///
    /// # Panics
    /// If the system does not tell.
    #[must_use]
    pub fn open_files(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.id())).expect("it runs").count()
    }

    /// What it has said on stderr so far.
    ///
    /// # Panics
    /// If the thread that listens has panicked.
    #[must_use]
    pub fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    /// Whether it still runs.
    ///
    /// # Panics
    /// If the system does not tell.
    pub fn runs(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Kills it at once, as a power cut would.
    ///
    /// # Panics
    /// If the system does not do it.
    pub fn kill9(&mut self) {
        self.child.kill().expect("a child can be killed");
        self.child.wait().expect("a killed child ends");
    }

    /// Sends it a signal (`TERM`, `INT`) and waits for its end; gives its exit code, -1 if the signal
    /// ended it.
    ///
    /// # Panics
    /// If it does not end in time.
    pub fn signal(&mut self, name: &str) -> i32 {
        // Why: the shell's own `kill`, since not every machine has the program of that name.
        let script = format!("kill -{name} {}", self.id());
        let sent = Command::new("sh").args(["-c", &script]).status().expect("a shell");
        assert!(sent.success(), "{script}");
        let status = wait_until(&format!("the end of {} after SIG{name}", self.command), PATIENCE, || {
            self.child.try_wait().unwrap().ok_or_else(|| format!("it runs on: {}", self.said()))
        });
        status.code().unwrap_or(-1)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            eprintln!("--- what {} said ---\n{}", self.command, self.said());
        }
    }
}

fn each_line(from: impl Read + Send + 'static, mut take: impl FnMut(String) + Send + 'static) {
    thread::spawn(move || BufReader::new(from).lines().map_while(Result::ok).for_each(&mut take));
}
