package dev.trellis.host.wasi;

import java.io.IOException;
import java.io.OutputStream;

/** The standard streams of a command that is run by hand. */
final class ProcessStdio implements Stdio {
    private static final int WRITABLE_BYTES = 64 << 10;

    private final ThreadedInput in;
    private final GuestOutput out;
    private final GuestOutput err;

    ProcessStdio(CommandEnvironment environment, Waker waker) {
        this.in = new ThreadedInput(environment.in(), waker);
        this.out = new Written(environment.out());
        this.err = new Written(environment.err());
    }

    @Override
    public GuestInput in() {
        return in;
    }

    @Override
    public GuestOutput out() {
        return out;
    }

    @Override
    public GuestOutput err() {
        return err;
    }

    @Override
    public void end() {
        in.stop();
    }

    /** Writes at once, which waits for whoever reads the process's output. */
    private record Written(OutputStream to) implements GuestOutput {
        @Override
        public boolean ready() {
            return true;
        }

        @Override
        public long writable() {
            return WRITABLE_BYTES;
        }

        @Override
        public void write(byte[] bytes) throws StreamException {
            try {
                to.write(bytes);
            } catch (IOException e) {
                throw failed(e);
            }
        }

        @Override
        public void flush() throws StreamException {
            try {
                to.flush();
            } catch (IOException e) {
                throw failed(e);
            }
        }

        private static StreamException failed(IOException e) {
            return StreamException.failed(IoError.of("the output cannot be written: " + e.getMessage()));
        }
    }
}
