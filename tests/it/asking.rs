//! The commands that ask a running program: `status`, `health`, `sync`.

mod health;
mod status;
mod sync;

use std::process::{Command, Output};

use crate::admin::Served;

impl Served {
    /// Runs a command to its end.
    pub(crate) fn tells(&self, arguments: &[&str]) -> Output {
        self.world.command(arguments).output().expect("the program runs")
    }

    /// The same without a manifest, through the socket.
    pub(crate) fn tells_at_socket(&self, arguments: &[&str]) -> Output {
        self.command_at_socket(arguments)
            .output()
            .expect("the program runs")
    }

    pub(crate) fn command_at_socket(&self, arguments: &[&str]) -> Command {
        let mut command = self.world.command(arguments);
        command.env("AKV_SYNC_MANIFEST", self.world.path("no-manifest.yaml"));
        command.arg("--socket").arg(self.socket());
        command
    }
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("text")
}
