package dev.trellis.cli;

import dev.trellis.lattice.model.Role;
import dev.trellis.lattice.nats.NatsConfig;
import dev.trellis.lattice.transport.ArtifactStore;
import dev.trellis.lattice.transport.LatticeTransport;
import dev.trellis.lattice.transport.SearchingTransport;
import dev.trellis.lattice.transport.TransportException;
import dev.trellis.lattice.transport.TransportFailure;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/** What every command has: options, streams, the environment, and the way to a lattice. */
final class Session {
    /** Where a NATS server listens unless told otherwise. */
    static final String NATS_URL_DEFAULT = "nats://127.0.0.1:4222";

    /** Environment variable with the NATS server of the lattice. */
    static final String NATS_URL_VARIABLE = "TRELLIS_NATS_URL";

    /** Environment variable with the directory of {@code trellis up}. */
    static final String DATA_VARIABLE = "TRELLIS_DATA";

    private static final Duration TIMEOUT_DEFAULT = Duration.ofSeconds(5);

    private final GlobalOptions options;
    private final Console console;
    private final Map<String, String> environment;
    private final LatticeConnector connector;

    Session(GlobalOptions options, Console console, Map<String, String> environment, LatticeConnector connector) {
        this.options = options;
        this.console = console;
        this.environment = environment;
        this.connector = connector;
    }

    GlobalOptions options() {
        return options;
    }

    Console console() {
        return console;
    }

    Map<String, String> environment() {
        return environment;
    }

    Optional<String> environment(String name) {
        return Optional.ofNullable(environment.get(name)).filter(value -> !value.isBlank());
    }

    /** How long one answer may take. */
    Duration timeout() {
        return timeout(TIMEOUT_DEFAULT);
    }

    /** {@code --timeout}, or {@code otherwise}. */
    Duration timeout(Duration otherwise) {
        return options.timeout == null ? otherwise : options.timeout;
    }

    /** The directory of {@code trellis up}: {@code $TRELLIS_DATA}, else {@code ~/.trellis}. */
    Path dataDirectory() {
        return environment(DATA_VARIABLE)
                .map(Path::of)
                .orElseGet(() -> Path.of(System.getProperty("user.home"), ".trellis"))
                .toAbsolutePath()
                .normalize();
    }

    /** A NATS URL and how it was found, for messages. */
    record NatsAddress(String url, String origin) {}

    /** The NATS server to talk to: given, else of the running {@code up}, else the usual address. */
    NatsAddress natsAddress() throws CliException {
        if (options.nats != null) {
            return new NatsAddress(options.nats, "--nats");
        }
        Optional<String> variable = environment(NATS_URL_VARIABLE);
        if (variable.isPresent()) {
            return new NatsAddress(variable.get(), "$" + NATS_URL_VARIABLE);
        }
        Optional<UpState> up = UpState.read(dataDirectory()).filter(UpState::running);
        if (up.isEmpty()) {
            return new NatsAddress(NATS_URL_DEFAULT, "the default");
        }
        String nats = up.get().nats();
        if (nats == null) {
            throw new CliException(
                            ExitCode.UNREACHABLE,
                            "the running `trellis up` cannot be reached: its lattice is inside its own process",
                            "install nats-server, then: trellis down, trellis up")
                    .at("process " + up.get().up().pid() + ", data in "
                            + up.get().data())
                    .because("no nats-server was on its PATH, and it was given no --nats URL");
        }
        return new NatsAddress(nats, "the running `trellis up`");
    }

    /** Connects to the lattice. */
    LatticeClient connect() throws CliException, InterruptedException {
        NatsAddress address = natsAddress();
        return new LatticeClient(connect(address, Role.CLIENT), options.lattice, timeout());
    }

    /** Connects as {@code role} and explains a failure. */
    LatticeTransport connect(NatsAddress address, Role role) throws CliException, InterruptedException {
        NatsConfig config = natsConfig(address, role);
        try {
            return connector.connect(config);
        } catch (TransportException e) {
            boolean refused = e.failure() instanceof TransportFailure.Refused;
            boolean isDefault = address.origin().equals("the default");
            throw new CliException(
                            refused ? ExitCode.REFUSED : ExitCode.UNREACHABLE,
                            refused ? "the NATS server does not let this command in" : "no NATS server can be reached",
                            refused
                                    ? "give the credentials of role " + role.label()
                                            + ": --nats-creds FILE, --nats-nkey" + " FILE, or --nats-user NAME with $"
                                            + NatsOptions.PASSWORD_VARIABLE
                                    : isDefault
                                            ? "start a lattice with: trellis up    (or name its server: --nats URL)"
                                            : "check the address, or ask: trellis doctor")
                    .at(config.servers() + " (" + address.origin() + ")")
                    .because(e);
        }
    }

    /** Connects as {@code role} as soon as that can be done. */
    LatticeTransport search(NatsAddress address, Role role) throws CliException {
        NatsConfig config = natsConfig(address, role);
        return SearchingTransport.start(() -> connector.connect(config), config.servers());
    }

    private NatsConfig natsConfig(NatsAddress address, Role role) throws CliException {
        NatsConfig config;
        try {
            config = NatsConfig.of(address.url(), "trellis-" + role.label()).withRole(role);
        } catch (IllegalArgumentException e) {
            throw new CliException(
                            ExitCode.USAGE,
                            "'" + withoutUserInfo(address.url()) + "' is no address of a NATS server",
                            "write it as " + NATS_URL_DEFAULT)
                    .at(address.origin())
                    .because(e);
        }
        if (options.nats != null && options.nats.contains("@")) {
            console.note("note: every user of this machine can read the password in --nats (ps); keep it in $"
                    + NATS_URL_VARIABLE + " or $" + NatsOptions.PASSWORD_VARIABLE + " instead");
        }
        config = config.withAuth(options.natsOptions.auth(environment));
        Optional<Path> authorities = options.natsOptions.authorities(environment);
        return authorities.isPresent() ? config.withAuthorities(authorities.get()) : config;
    }

    /** Where images of deployments go. */
    ImageStore images(LatticeClient client) {
        return image -> ArtifactStore.open(client.transport(), client.lattice())
                .put(image)
                .hex();
    }

    /** {@code url} without user and password. */
    static String withoutUserInfo(String url) {
        return NatsConfig.withoutUserInfo(url);
    }
}
