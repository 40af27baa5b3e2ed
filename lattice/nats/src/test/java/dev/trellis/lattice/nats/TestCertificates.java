package dev.trellis.lattice.nats;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Base64;

/** A certificate for 127.0.0.1 that is signed by itself, made by the JDK's keytool, and its key, as PEM files. */
final class TestCertificates implements AutoCloseable {
    private static final String PASSWORD = "changeit";

    private final Path directory;

    TestCertificates() throws IOException, InterruptedException, GeneralSecurityException {
        directory = Files.createTempDirectory("trellis-certificates-");
        Path store = directory.resolve("store.p12");
        int exit = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-keyalg",
                        "EC",
                        "-dname",
                        "CN=trellis-test",
                        "-ext",
                        "san=ip:127.0.0.1",
                        "-alias",
                        "it",
                        "-storepass",
                        PASSWORD,
                        "-keystore",
                        store.toString())
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("keytool.log").toFile())
                .start()
                .waitFor();
        if (exit != 0) {
            throw new IOException(
                    "keytool ended with " + exit + ": " + Files.readString(directory.resolve("keytool.log")));
        }
        KeyStore keys = KeyStore.getInstance(store.toFile(), PASSWORD.toCharArray());
        write(certificate(), "CERTIFICATE", keys.getCertificate("it").getEncoded());
        write(key(), "PRIVATE KEY", keys.getKey("it", PASSWORD.toCharArray()).getEncoded());
    }

    Path certificate() {
        return directory.resolve("certificate.pem");
    }

    Path key() {
        return directory.resolve("key.pem");
    }

    private static void write(Path file, String kind, byte[] bytes) throws IOException {
        String text = Base64.getMimeEncoder(64, "\n".getBytes(US_ASCII)).encodeToString(bytes);
        Files.writeString(file, "-----BEGIN " + kind + "-----\n" + text + "\n-----END " + kind + "-----\n");
    }

    @Override
    public void close() throws IOException {
        for (String name : new String[] {"store.p12", "keytool.log", "certificate.pem", "key.pem"}) {
            Files.deleteIfExists(directory.resolve(name));
        }
        Files.delete(directory);
    }
}
