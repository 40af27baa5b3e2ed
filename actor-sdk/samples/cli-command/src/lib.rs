//! A command, for `trellis actor run`: says how it was called, and how much there was to read.
//!
//! Prints its arguments and its environment, one per line, then `stdin: N lines, M bytes`. The argument `fail` makes it
//! say so on stderr and exit with code 1.

wit_bindgen::generate!({
    path: "../../wit",
    inline: "
        package trellis:cli-command;

        world cli-command {
            import wasi:cli/environment@0.2.12;
            import wasi:cli/stdin@0.2.12;
            import wasi:cli/stdout@0.2.12;
            import wasi:cli/stderr@0.2.12;
            export wasi:cli/run@0.2.12;
        }
    ",
    world: "trellis:cli-command/cli-command",
    generate_all,
});

use exports::wasi::cli::run::Guest;
use wasi::cli::{environment, stderr, stdin, stdout};
use wasi::io::streams::{OutputStream, StreamError};

struct Command;

impl Guest for Command {
    fn run() -> Result<(), ()> {
        let out = stdout::get_stdout();
        let arguments = environment::get_arguments();
        for argument in &arguments {
            print(&out, &format!("argument: {argument}\n"))?;
        }
        let mut environment = environment::get_environment();
        environment.sort();
        for (name, value) in environment {
            print(&out, &format!("environment: {name}={value}\n"))?;
        }

        let input = stdin::get_stdin();
        let mut lines = 0_u64;
        let mut bytes = 0_u64;
        loop {
            match input.blocking_read(65_536) {
                Ok(piece) => {
                    bytes += piece.len() as u64;
                    lines += piece.iter().filter(|byte| **byte == b'\n').count() as u64;
                }
                Err(StreamError::Closed) => break,
                Err(StreamError::LastOperationFailed(error)) => {
                    print(&stderr::get_stderr(), &format!("stdin failed: {}\n", error.to_debug_string()))?;
                    return Err(());
                }
            }
        }
        print(&out, &format!("stdin: {lines} lines, {bytes} bytes\n"))?;

        if arguments.iter().any(|argument| argument == "fail") {
            print(&stderr::get_stderr(), "told to fail\n")?;
            return Err(());
        }
        Ok(())
    }
}

fn print(stream: &OutputStream, text: &str) -> Result<(), ()> {
    for piece in text.as_bytes().chunks(4096) {
        stream.blocking_write_and_flush(piece).map_err(|_| ())?;
    }
    Ok(())
}

export!(Command);
