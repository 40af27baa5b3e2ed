package dev.trellis.cli;

import dev.trellis.lattice.nats.NatsAuth;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/**
 * Who this command is for a NATS server. Secrets come from files or the environment, never from the command line, which
 * every user of a machine can read.
 */
final class NatsOptions {
    static final String CREDENTIALS_VARIABLE = "TRELLIS_NATS_CREDS";
    static final String NKEY_VARIABLE = "TRELLIS_NATS_NKEY";
    static final String USER_VARIABLE = "TRELLIS_NATS_USER";
    static final String PASSWORD_VARIABLE = "TRELLIS_NATS_PASSWORD";
    static final String PASSWORD_FILE_VARIABLE = "TRELLIS_NATS_PASSWORD_FILE";
    static final String AUTHORITIES_VARIABLE = "TRELLIS_NATS_CA";

    /** Largest file with a secret. */
    static final int SECRET_BYTES_MAX = 64 * 1024;

    @Option(
            names = {"--nats-creds", "--creds"},
            paramLabel = "FILE",
            scope = ScopeType.INHERIT,
            order = 93,
            description = "NATS credentials file (JWT and seed). Default: $$" + CREDENTIALS_VARIABLE + ".")
    @Nullable
    Path credentials;

    @Option(
            names = "--nats-nkey",
            paramLabel = "FILE",
            scope = ScopeType.INHERIT,
            order = 93,
            description = "File with the seed of an nkey. Default: $$" + NKEY_VARIABLE + ".")
    @Nullable
    Path nkey;

    @Option(
            names = "--nats-user",
            paramLabel = "NAME",
            scope = ScopeType.INHERIT,
            order = 93,
            description = "NATS user. Default: $$" + USER_VARIABLE + ". Its password comes from --nats-password-file or"
                    + " $$" + PASSWORD_VARIABLE + ".")
    @Nullable
    String user;

    @Option(
            names = "--nats-password-file",
            paramLabel = "FILE",
            scope = ScopeType.INHERIT,
            order = 93,
            description = "File with the password of the NATS user. Default: $$" + PASSWORD_FILE_VARIABLE + ".")
    @Nullable
    Path passwordFile;

    @Option(
            names = "--nats-ca",
            paramLabel = "FILE",
            scope = ScopeType.INHERIT,
            order = 93,
            description = "Certificates (PEM) that sign those of the NATS servers, in place of the JDK's."
                    + " Default: $$" + AUTHORITIES_VARIABLE + ".")
    @Nullable
    Path authorities;

    /** How to log in: what the command line says, else what the environment says, else nothing. */
    NatsAuth auth(Map<String, String> environment) throws CliException {
        boolean given = credentials != null || nkey != null || user != null || passwordFile != null;
        Path ownCredentials = given ? credentials : path(environment, CREDENTIALS_VARIABLE);
        Path ownNkey = given ? nkey : path(environment, NKEY_VARIABLE);
        String ownUser = user != null
                ? user
                : ownCredentials == null && ownNkey == null ? text(environment, USER_VARIABLE) : null;
        checkOneWay(ownCredentials, ownNkey, ownUser);
        if (ownCredentials != null) {
            if (!secret(ownCredentials, "the NATS credentials file").contains("BEGIN NATS USER JWT")) {
                throw unusable("the NATS credentials file", ownCredentials)
                        .because("it holds no NATS USER JWT; nsc writes such files: nsc generate creds");
            }
            return new NatsAuth.CredentialsFile(ownCredentials);
        }
        if (ownNkey != null) {
            try {
                return new NatsAuth.NkeySeed(secret(ownNkey, "the nkey file"));
            } catch (IllegalArgumentException e) {
                throw unusable("the nkey file", ownNkey).because(e);
            }
        }
        return ownUser == null
                ? new NatsAuth.None()
                : new NatsAuth.UserPassword(ownUser, password(environment, ownUser));
    }

    /** Whom to trust, if not those whom the JDK trusts. */
    Optional<Path> authorities(Map<String, String> environment) throws CliException {
        Path file = authorities != null ? authorities : path(environment, AUTHORITIES_VARIABLE);
        if (file != null && !Files.isReadable(file)) {
            throw unreadable("the file of certificates", file);
        }
        return Optional.ofNullable(file);
    }

    private void checkOneWay(@Nullable Path ownCredentials, @Nullable Path ownNkey, @Nullable String ownUser)
            throws CliException {
        List<String> ways = new ArrayList<>();
        if (ownCredentials != null) {
            ways.add("a credentials file");
        }
        if (ownNkey != null) {
            ways.add("an nkey");
        }
        if (ownUser != null) {
            ways.add("user " + ownUser);
        } else if (passwordFile != null) {
            throw new CliException(ExitCode.USAGE, "--nats-password-file needs a user", "add --nats-user NAME");
        }
        if (ways.size() > 1) {
            throw new CliException(
                            ExitCode.USAGE,
                            "a NATS server takes one way to log in, not " + String.join(" and ", ways),
                            "give one of --nats-creds, --nats-nkey and --nats-user")
                    .because("options on the command line, or else $" + CREDENTIALS_VARIABLE + ", $" + NKEY_VARIABLE
                            + " and $" + USER_VARIABLE + ", say who you are");
        }
    }

    private String password(Map<String, String> environment, String ofUser) throws CliException {
        Path file = passwordFile;
        String direct = text(environment, PASSWORD_VARIABLE);
        if (file == null && direct != null) {
            return direct;
        }
        if (file == null) {
            file = path(environment, PASSWORD_FILE_VARIABLE);
        }
        if (file == null) {
            throw new CliException(
                    ExitCode.USAGE,
                    "NATS user " + ofUser + " has no password",
                    "set $" + PASSWORD_VARIABLE + ", or give --nats-password-file FILE");
        }
        String password = secret(file, "the password file");
        if (password.isEmpty()) {
            throw unusable("the password file", file).because("it is empty");
        }
        return password;
    }

    /** The text of a file, without white space around it. */
    private static String secret(Path file, String what) throws CliException {
        try (var in = Files.newInputStream(file)) {
            byte[] bytes = in.readNBytes(SECRET_BYTES_MAX + 1);
            if (bytes.length > SECRET_BYTES_MAX) {
                throw unusable(what, file).because("it is larger than " + SECRET_BYTES_MAX + " bytes");
            }
            return new String(bytes, StandardCharsets.UTF_8).strip();
        } catch (IOException e) {
            throw unreadable(what, file);
        }
    }

    private static CliException unreadable(String what, Path file) {
        return new CliException(
                        ExitCode.NOT_FOUND, what + " cannot be read", "check its path and permissions: ls -l " + file)
                .at(file.toAbsolutePath().toString());
    }

    private static CliException unusable(String what, Path file) {
        return new CliException(ExitCode.USAGE, what + " cannot be used", "give another file")
                .at(file.toAbsolutePath().toString());
    }

    private static @Nullable String text(Map<String, String> environment, String name) {
        String value = environment.get(name);
        return value == null || value.isBlank() ? null : value;
    }

    private static @Nullable Path path(Map<String, String> environment, String name) {
        String value = text(environment, name);
        return value == null ? null : Path.of(value);
    }
}
