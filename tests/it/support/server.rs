//! A PostgreSQL server of a test's own, to be given other settings, killed and started again.

use super::postgres;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A server that is gone when this is dropped.
pub struct TestServer {
    folder: tempfile::TempDir,
    bin: PathBuf,
    pub port: u16,
}

impl TestServer {
    /// A new server that is not running yet and asks for no password; `None` when PostgreSQL is not to be tested here.
    pub fn new() -> Option<Self> {
        postgres::server()?;
        let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
        let found = versions.map(|v| v.unwrap().path().join("bin")).filter(|b| b.join("initdb").exists()).max();
        assert!(found.is_some() || std::env::var("HABEAS_CHECK_TOOLS").is_err(), "PostgreSQL's programs are missing");
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let server = Self { folder: tempfile::tempdir().unwrap(), bin: found?, port };
        server.give_to_postgres(server.folder.path());
        server.run("initdb", &["-D", &server.data(), "-U", "habeas", "--auth=trust", "--encoding=UTF8", "--no-sync"]);
        Some(server)
    }

    fn data(&self) -> String {
        self.folder.path().join("data").display().to_string()
    }

    /// A file in the data folder, readable by the server alone.
    pub fn put(&self, name: &str, text: &str) {
        use std::os::unix::fs::PermissionsExt;
        let path = Path::new(&self.data()).join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        self.give_to_postgres(&path);
    }

    /// All bytes of all its files, its log included.
    pub fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut folders = vec![self.folder.path().to_owned()];
        let mut files = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let entry = entry.unwrap();
                let kind = entry.file_type().unwrap();
                if kind.is_dir() {
                    folders.push(entry.path());
                } else if let Some(bytes) = kind.is_file().then(|| std::fs::read(entry.path()).ok()).flatten() {
                    // Others come and go while the server works.
                    files.push((entry.path(), bytes));
                }
            }
        }
        files
    }

    /// Starts it with settings of the form `name=value`.
    pub fn start(&self, settings: &[&str]) {
        let (data, log) = (self.data(), self.folder.path().join("log").display().to_string());
        let mut options = format!("-p {} -c listen_addresses=127.0.0.1 -c unix_socket_directories={data}", self.port);
        for setting in settings {
            options.push_str(" -c ");
            options.push_str(setting);
        }
        self.run("pg_ctl", &["-D", &data, "-w", "-t", "120", "-l", &log, "-o", &options, "start"]);
    }

    /// Stops it: `fast` in order, `immediate` as if the power went.
    pub fn stop(&self, how: &str) {
        self.run("pg_ctl", &["-D", &self.data(), "-w", "-t", "120", "-m", how, "stop"]);
    }

    /// Kills all its processes at once, which get no chance to do anything. It can be started again.
    pub fn kill(&self) {
        let data = Path::new(&self.data()).to_owned();
        let processes = self.processes();
        assert!(!processes.is_empty(), "there is no server to kill");
        Command::new("kill").arg("-9").args(&processes).status().unwrap();
        // Its main process may start one more child before its own turn comes.
        while !self.processes().is_empty() {
            Command::new("kill").arg("-9").args(self.processes()).stderr(Stdio::null()).status().unwrap();
            std::thread::yield_now();
        }
        // Where nobody fetches the dead, the old process number still looks alive to the next start.
        for file in ["postmaster.pid".to_owned(), format!(".s.PGSQL.{}.lock", self.port)] {
            std::fs::remove_file(data.join(file)).unwrap();
        }
    }

    /// The living processes that work in the data folder. The dead have no folder any more.
    fn processes(&self) -> Vec<String> {
        let data = PathBuf::from(self.data());
        let all = std::fs::read_dir("/proc").unwrap().flatten();
        all.filter(|p| std::fs::read_link(p.path().join("cwd")).is_ok_and(|cwd| cwd == data))
            .map(|p| p.file_name().to_string_lossy().into_owned())
            .collect()
    }

    /// Has `psql` run a script as a superuser, up to its first error.
    pub fn psql(&self, database: &str, script: &str) {
        let url = format!("postgres://habeas@127.0.0.1:{}/{database}", self.port);
        let mut psql = Command::new(self.bin.join("psql"));
        psql.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", &url, "-f", "-"]).stdin(Stdio::piped());
        let mut child = psql.stderr(Stdio::piped()).spawn().unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), script.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// The address of a superuser.
    pub fn url(&self) -> String {
        format!("postgres://habeas@127.0.0.1:{}/postgres", self.port)
    }

    // PostgreSQL refuses to run as root; its package brings the user `postgres`.
    fn give_to_postgres(&self, path: &Path) {
        if is_root() {
            assert!(Command::new("chown").arg("postgres").arg(path).status().unwrap().success());
        }
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let program = self.bin.join(program);
        let mut command = if is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(&program);
            command
        } else {
            Command::new(&program)
        };
        // The server inherits what it is given, and would keep a pipe open for ever.
        command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
        assert!(command.status().unwrap().success(), "{} {arguments:?}", program.display());
    }
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|m| std::os::unix::fs::MetadataExt::uid(&m) == 0)
}

impl Drop for TestServer {
    fn drop(&mut self) {
        if Path::new(&self.data()).join("postmaster.pid").exists() {
            self.stop("immediate");
        }
    }
}
