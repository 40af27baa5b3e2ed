//! A command that calls WASI 0.2 as its arguments say: each argument is one step, words with blanks between, and prints
//! one line. What a word means stands beside its step below; `-` is an empty word. Descriptors have names: `0`, `1`, ...
//! for the preopened directories, any other for those that `open` gives.

wit_bindgen::generate!({
    path: "../../../../../../actor-sdk/wit",
    inline: "
        package trellis:probe;

        world probe {
            include wasi:cli/command@0.2.12;
            import wasi:logging/logging@0.1.0-draft;
        }
    ",
    world: "trellis:probe/probe",
    generate_all,
});

use std::collections::HashMap;
use wasi::cli::{environment, exit, stderr, stdin, stdout, terminal_stdin, terminal_stdout};
use wasi::clocks::{monotonic_clock, wall_clock};
use wasi::filesystem::preopens;
use wasi::filesystem::types::{
    filesystem_error_code, Advice, Descriptor, DescriptorFlags, DescriptorStat, ErrorCode, NewTimestamp, OpenFlags,
    PathFlags,
};
use wasi::io::poll::{poll, Pollable};
use wasi::io::streams::{InputStream, OutputStream, StreamError};
use wasi::logging::logging;
use wasi::random::{insecure, insecure_seed, random};
use wasi::sockets::{instance_network, ip_name_lookup, network, tcp_create_socket, udp_create_socket};

struct Probe;

export!(Probe);

struct State {
    descriptors: HashMap<String, Descriptor>,
    many: Vec<Descriptor>,
    out: OutputStream,
}

type Answer = Result<String, String>;

impl exports::wasi::cli::run::Guest for Probe {
    fn run() -> Result<(), ()> {
        let mut state = State { descriptors: HashMap::new(), many: Vec::new(), out: stdout::get_stdout() };
        for (number, (descriptor, _)) in preopens::get_directories().into_iter().enumerate() {
            state.descriptors.insert(number.to_string(), descriptor);
        }
        let mut fine = true;
        for step in environment::get_arguments().iter().skip(1) {
            let words: Vec<&str> = step.split(' ').map(|word| if word == "-" { "" } else { word }).collect();
            if words[0] == "fail" {
                fine = false;
                continue;
            }
            let line = match state.step(&words) {
                Ok(text) => text,
                Err(why) => format!("! {why}"),
            };
            write_all(&state.out, format!("{line}\n").as_bytes()).expect("standard output takes all");
        }
        if fine { Ok(()) } else { Err(()) }
    }
}

impl State {
    fn step(&mut self, words: &[&str]) -> Answer {
        match words {
            // ---- cli
            ["args"] => Ok(environment::get_arguments().join("|")),
            ["env"] => Ok(environment::get_environment().iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join("|")),
            ["cwd"] => Ok(format!("{:?}", environment::initial_cwd())),
            ["tty"] => Ok(format!("{} {}", terminal_stdin::get_terminal_stdin().is_some(), terminal_stdout::get_terminal_stdout().is_some())),
            ["exit", code] => { exit::exit_with_code(num(code) as u8); Ok("went on".into()) }
            ["exit-ok"] => { exit::exit(Ok(())); Ok("went on".into()) }
            ["exit-error"] => { exit::exit(Err(())); Ok("went on".into()) }
            ["trap"] => panic!(),
            ["spin"] => loop { std::hint::black_box(0); },
            ["out", text] => { write_all(&stdout::get_stdout(), text.as_bytes()).map_err(stream)?; Ok(String::new()) }
            ["err", text] => { write_all(&stderr::get_stderr(), text.replace('_', "\n").as_bytes()).map_err(stream)?; Ok("told".into()) }
            ["log", level, context, text] => { logging::log(self::level(level), context, text); Ok("logged".into()) }
            // ---- io
            ["stdin", len] => read_all(&stdin::get_stdin(), unsigned(len)),
            ["skip-stdin", len] => stdin::get_stdin().blocking_skip(unsigned(len)).map(|n| n.to_string()).map_err(stream),
            ["cat"] => {
                let (from, to, mut total) = (stdin::get_stdin(), stdout::get_stdout(), 0);
                loop {
                    match to.blocking_splice(&from, u64::MAX) {
                        Ok(n) => total += n,
                        Err(StreamError::Closed) => break,
                        Err(e) => return Err(stream(e)),
                    }
                }
                to.blocking_flush().map_err(stream)?;
                Ok(format!("{total} bytes"))
            }
            ["zeroes", len] => { self.out.blocking_write_zeroes_and_flush(unsigned(len)).map_err(stream)?; Ok(String::new()) }
            ["permit"] => self.out.check_write().map(|n| (n > 0).to_string()).map_err(stream),
            ["overwrite"] => {
                let permit = self.out.check_write().map_err(stream)?;
                self.out.write_zeroes(permit + 1).map_err(stream)?;
                Ok("written".into())
            }
            ["blocking-overwrite"] => { self.out.blocking_write_and_flush(&[b'x'; 4097]).map_err(stream)?; Ok("written".into()) }
            ["drop-early"] => {
                let input = stdin::get_stdin();
                let pollable = input.subscribe();
                drop(input);
                Ok(format!("dropped {}", pollable.ready()))
            }
            ["poll-none"] => Ok(format!("{:?}", poll(&[]))),
            ["poll", times @ ..] => {
                let timers: Vec<Pollable> = times.iter().map(|ms| monotonic_clock::subscribe_duration(ms.parse::<u64>().unwrap().saturating_mul(1_000_000))).collect();
                Ok(format!("{:?}", poll(&timers.iter().collect::<Vec<_>>())))
            }
            ["poll-many", count] => {
                let one = monotonic_clock::subscribe_duration(0);
                Ok(poll(&vec![&one; unsigned(count) as usize]).len().to_string())
            }
            ["handles", count] => {
                let all: Vec<Pollable> = (0..unsigned(count)).map(|_| monotonic_clock::subscribe_duration(0)).collect();
                Ok(all.len().to_string())
            }
            // ---- clocks and random
            ["sleep", ms] => {
                let before = monotonic_clock::now();
                monotonic_clock::subscribe_duration(unsigned(ms) * 1_000_000).block();
                Ok(format!("{}", monotonic_clock::now() - before >= unsigned(ms) * 1_000_000))
            }
            ["sleep-until", ms] => {
                let until = monotonic_clock::now() + unsigned(ms) * 1_000_000;
                monotonic_clock::subscribe_instant(until).block();
                Ok(format!("{}", monotonic_clock::now() >= until))
            }
            ["sleep-for-ever"] => { monotonic_clock::subscribe_duration(u64::MAX).block(); Ok("woken".into()) }
            ["past"] => Ok(monotonic_clock::subscribe_instant(0).ready().to_string()),
            ["clocks"] => {
                let now = wall_clock::now();
                Ok(format!("{} {} {} {}", now.seconds > 1_700_000_000, now.nanoseconds < 1_000_000_000,
                    monotonic_clock::now() <= monotonic_clock::now(), monotonic_clock::resolution() > 0))
            }
            ["random", len] => Ok(random::get_random_bytes(unsigned(len)).len().to_string()),
            ["differ"] => Ok(format!("{} {} {}", random::get_random_u64() != random::get_random_u64(),
                insecure::get_insecure_random_bytes(8) != insecure::get_insecure_random_bytes(8), insecure_seed::insecure_seed().0 != insecure::get_insecure_random_u64())),
            // ---- filesystem
            ["dirs"] => Ok(preopens::get_directories().iter().map(|(_, name)| name.as_str()).collect::<Vec<_>>().join("|")),
            ["open", name, base, path, path_flags, open_flags, flags] => {
                let opened = self.of(base)?.open_at(follow(path_flags), path, self::open_flags(open_flags), self::flags(flags)).map_err(code)?;
                self.descriptors.insert(name.to_string(), opened);
                Ok("opened".into())
            }
            ["open-many", base, path, count] => {
                for _ in 0..unsigned(count) {
                    let opened = self.of(base)?.open_at(PathFlags::empty(), path, OpenFlags::empty(), DescriptorFlags::READ);
                    self.many.push(opened.map_err(|e| format!("{} after {}", code(e), self.many.len()))?);
                }
                Ok("opened".into())
            }
            ["close", name] => Ok(self.descriptors.remove(*name).is_some().to_string()),
            ["close-many"] => { self.many.clear(); Ok("closed".into()) }
            ["type", name] => self.of(name)?.get_type().map(|t| format!("{t:?}").replace("DescriptorType::", "")).map_err(code),
            ["flags", name] => self.of(name)?.get_flags().map(|f| format!("{f:?}").replace("DescriptorFlags", "")).map_err(code),
            ["read", name, len, at] => self.of(name)?.read(unsigned(len), unsigned(at)).map(|(bytes, end)| format!("{} {end}", text(&bytes))).map_err(code),
            ["write", name, data, at] => self.of(name)?.write(data.as_bytes(), unsigned(at)).map(|n| n.to_string()).map_err(code),
            ["in", name, at, len] => {
                let from = self.of(name)?.read_via_stream(unsigned(at)).map_err(code)?;
                read_all(&from, unsigned(len))
            }
            ["to", name, at, data] => {
                let to = self.of(name)?.write_via_stream(unsigned(at)).map_err(code)?;
                write_all(&to, data.as_bytes()).map_err(stream).map(|_| "written".into())
            }
            ["append", name, data] => {
                let to = self.of(name)?.append_via_stream().map_err(code)?;
                write_all(&to, data.as_bytes()).map_err(stream).map(|_| "written".into())
            }
            ["size", name, size] => self.of(name)?.set_size(unsigned(size)).map(done).map_err(code),
            ["stat", name] => self.of(name)?.stat().map(stat).map_err(code),
            ["stat-at", base, path, path_flags] => self.of(base)?.stat_at(follow(path_flags), path).map(stat).map_err(code),
            ["times", name, a, m] => self.of(name)?.set_times(time(a), time(m)).map(done).map_err(code),
            ["times-at", base, path, path_flags, a, m] => self.of(base)?.set_times_at(follow(path_flags), path, time(a), time(m)).map(done).map_err(code),
            ["mtime", name] => self.of(name)?.stat().map(|s| s.data_modification_timestamp.map(|t| format!("{}.{:09}", t.seconds, t.nanoseconds)).unwrap_or_default()).map_err(code),
            ["sync", name] => self.of(name)?.sync().map(done).map_err(code),
            ["sync-data", name] => self.of(name)?.sync_data().map(done).map_err(code),
            ["advise", name] => self.of(name)?.advise(0, 10, Advice::WillNeed).map(done).map_err(code),
            ["ls", name] => {
                let entries = self.of(name)?.read_directory().map_err(code)?;
                let mut found = Vec::new();
                while let Some(entry) = entries.read_directory_entry().map_err(code)? {
                    found.push(format!("{}:{:?}", entry.name, entry.type_).replace("DescriptorType::", ""));
                }
                found.sort();
                Ok(found.join(" "))
            }
            ["mkdir", base, path] => self.of(base)?.create_directory_at(path).map(done).map_err(code),
            ["rmdir", base, path] => self.of(base)?.remove_directory_at(path).map(done).map_err(code),
            ["rm", base, path] => self.of(base)?.unlink_file_at(path).map(done).map_err(code),
            ["mv", base, path, to_base, to] => self.of(base)?.rename_at(path, self.of(to_base)?, to).map(done).map_err(code),
            ["ln", base, path, path_flags, to_base, to] => self.of(base)?.link_at(follow(path_flags), path, self.of(to_base)?, to).map(done).map_err(code),
            ["symlink", base, target, path] => self.of(base)?.symlink_at(target, path).map(done).map_err(code),
            ["readlink", base, path] => self.of(base)?.readlink_at(path).map_err(code),
            ["same", one, other] => Ok(self.of(one)?.is_same_object(self.of(other)?).to_string()),
            ["same-hash", one, other] => {
                let (a, b) = (self.of(one)?.metadata_hash().map_err(code)?, self.of(other)?.metadata_hash().map_err(code)?);
                Ok((a.lower == b.lower && a.upper == b.upper).to_string())
            }
            ["same-hash-at", one, base, path] => {
                let (a, b) = (self.of(one)?.metadata_hash().map_err(code)?, self.of(base)?.metadata_hash_at(PathFlags::empty(), path).map_err(code)?);
                Ok((a.lower == b.lower && a.upper == b.upper).to_string())
            }
            ["long-path", base, len] => self.of(base)?.stat_at(PathFlags::empty(), &"a/".repeat(unsigned(len) as usize)).map(stat).map_err(code),
            // Looks up a path many times while somebody changes it, says what it ever saw.
            ["race", base, path, times] => {
                let mut seen = std::collections::BTreeSet::new();
                for _ in 0..unsigned(times) {
                    let opened = self.of(base)?.open_at(PathFlags::SYMLINK_FOLLOW, path, OpenFlags::empty(), DescriptorFlags::READ);
                    seen.insert(match opened {
                        Ok(file) => file.read(100, 0).map(|(bytes, _)| text(&bytes)).unwrap_or_else(code),
                        Err(e) => code(e),
                    });
                }
                Ok(seen.into_iter().collect::<Vec<_>>().join(" "))
            }
            // ---- sockets
            ["tcp"] => tcp_create_socket::create_tcp_socket(network::IpAddressFamily::Ipv4).map(|_| "made".into()).map_err(|e| e.name().to_string()),
            ["udp"] => udp_create_socket::create_udp_socket(network::IpAddressFamily::Ipv6).map(|_| "made".into()).map_err(|e| e.name().to_string()),
            ["resolve", name] => ip_name_lookup::resolve_addresses(&instance_network::instance_network(), name).map(|_| "found".into()).map_err(|e| e.name().to_string()),
            _ => Err(format!("no such step: {words:?}")),
        }
    }

    fn of(&self, name: &str) -> Result<&Descriptor, String> {
        self.descriptors.get(name).ok_or_else(|| format!("no descriptor {name}"))
    }
}

fn unsigned(word: &str) -> u64 {
    if word == "max" { u64::MAX } else { word.parse().expect("a number") }
}

fn num(word: &str) -> u64 {
    unsigned(word)
}

fn done(_: ()) -> String {
    "done".into()
}

fn text(bytes: &[u8]) -> String {
    if bytes.len() > 100 { format!("{} bytes", bytes.len()) } else { format!("'{}'", String::from_utf8_lossy(bytes)) }
}

fn code(code: ErrorCode) -> String {
    code.name().to_string()
}

fn stream(e: StreamError) -> String {
    match e {
        StreamError::Closed => "closed".into(),
        StreamError::LastOperationFailed(error) => match filesystem_error_code(&error) {
            Some(known) => code(known),
            None => error.to_debug_string(),
        },
    }
}

fn stat(stat: DescriptorStat) -> String {
    let kind = format!("{:?}", stat.type_).replace("DescriptorType::", "");
    // What is counted of a directory is the file system's own affair.
    if kind == "Directory" { kind } else { format!("{kind} {} {}", stat.size, stat.link_count) }
}

fn follow(word: &str) -> PathFlags {
    if word == "f" { PathFlags::SYMLINK_FOLLOW } else { PathFlags::empty() }
}

fn open_flags(word: &str) -> OpenFlags {
    word.chars().fold(OpenFlags::empty(), |all, c| all | match c {
        'c' => OpenFlags::CREATE,
        'd' => OpenFlags::DIRECTORY,
        'e' => OpenFlags::EXCLUSIVE,
        _ => OpenFlags::TRUNCATE,
    })
}

fn flags(word: &str) -> DescriptorFlags {
    word.chars().fold(DescriptorFlags::empty(), |all, c| all | match c {
        'r' => DescriptorFlags::READ,
        'w' => DescriptorFlags::WRITE,
        'm' => DescriptorFlags::MUTATE_DIRECTORY,
        _ => DescriptorFlags::FILE_INTEGRITY_SYNC,
    })
}

fn time(word: &str) -> NewTimestamp {
    match word {
        "" => NewTimestamp::NoChange,
        "now" => NewTimestamp::Now,
        seconds => NewTimestamp::Timestamp(wall_clock::Datetime { seconds: unsigned(seconds), nanoseconds: 5 }),
    }
}

fn level(word: &str) -> logging::Level {
    match word {
        "trace" => logging::Level::Trace,
        "debug" => logging::Level::Debug,
        "info" => logging::Level::Info,
        "warn" => logging::Level::Warn,
        "error" => logging::Level::Error,
        _ => logging::Level::Critical,
    }
}

/// Reads to the end, `len` bytes at a time.
fn read_all(from: &InputStream, len: u64) -> Answer {
    let mut all = Vec::new();
    loop {
        match from.blocking_read(len) {
            Ok(bytes) => all.extend(bytes),
            Err(StreamError::Closed) => return Ok(text(&all)),
            Err(e) => return Err(stream(e)),
        }
    }
}

/// Writes as far as is permitted, waits, goes on.
fn write_all(to: &OutputStream, bytes: &[u8]) -> Result<(), StreamError> {
    let ready = to.subscribe();
    let mut left = bytes;
    while !left.is_empty() {
        ready.block();
        let permit = (to.check_write()? as usize).min(left.len());
        to.write(&left[..permit])?;
        left = &left[permit..];
    }
    to.flush()?;
    ready.block();
    to.check_write().map(|_| ())
}
