package dev.trellis.host.wasmbus;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.util.Arrays;
import java.util.Base64;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WasmbusModuleTest {
    @Test
    void inspect_samples_areActors() throws InterruptedException {
        assertThat(inspect(Guests.bytes("samples/echo-c/echo-c")).command()).isFalse();
        assertThat(inspect(Guests.bytes("samples/user-actor/user-actor")).command())
                .isFalse();
        assertThat(inspect(Guests.bytes("samples/command-c/command-c")).command())
                .isTrue();
        assertThat(inspect(Guests.bytes("samples/echo-c/echo-c")).claims()).isEmpty();
    }

    @Test
    void inspect_foreignImport_isNamedWithTheNearest() {
        assertRefused(Guests.bytes("test-guests/wants-unknown-import"))
                .isInstanceOf(ModuleRefusal.ForeignImport.class)
                .extracting(ModuleRefusal::describe)
                .asString()
                .contains("env.open_socket")
                .contains("wasmbus.__");
    }

    @ParameterizedTest
    @ValueSource(strings = {"no-exports", "wrong-call-type"})
    void inspect_noEntryPoint_isRefused(String guest) {
        assertRefused(Guests.bytes("test-guests/" + guest))
                .isInstanceOf(ModuleRefusal.NoEntryPoint.class)
                .extracting(ModuleRefusal::describe)
                .asString()
                .contains("must export the function __guest_call (i32, i32) -> i32");
    }

    @ParameterizedTest
    @ValueSource(strings = {"jwt", "wasmcloud_jwt"})
    void inspect_signedModule_givesItsClaims(String section) throws Exception {
        var signer = new Signer();

        var claims = inspect(withSection(section, signer.token(""))).claims();

        assertThat(claims)
                .contains(new ActorClaims(
                        signer.subject,
                        signer.issuer,
                        "Echo",
                        Optional.of("wasmcloud/echo"),
                        4,
                        "0.3.4",
                        Optional.empty()));
    }

    @Test
    void inspect_expiredToken_isRefused() throws Exception {
        long now = Guests.NOW.getEpochSecond();

        assertRefused(withSection("jwt", new Signer().token(",\"exp\":" + now)))
                .isInstanceOf(ModuleRefusal.ClaimsExpired.class);
        assertRefused(withSection("jwt", new Signer().token(",\"nbf\":" + (now + 1))))
                .isInstanceOf(ModuleRefusal.ClaimsNotYetValid.class);
        assertThat(inspect(withSection("jwt", new Signer().token(",\"exp\":" + (now + 1))))
                        .claims())
                .isPresent();
    }

    @Test
    void inspect_tokenSignedByAnother_isRefused() throws Exception {
        var signer = new Signer();
        String token = signer.token("");
        String forged = new Signer().sign(token.substring(0, token.lastIndexOf('.')));

        assertRefused(withSection("jwt", forged))
                .isInstanceOfSatisfying(ModuleRefusal.BadClaims.class, bad -> assertThat(bad.reason())
                        .contains("not one of issuer " + signer.issuer));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a", "a.b", "a.b.c", "a.e30.c", "..", "a.\u00e9.c", "a.b.c.d"})
    void inspect_tokenThatIsNone_isRefused(String token) {
        assertRefused(withSection("jwt", token)).isInstanceOf(ModuleRefusal.BadClaims.class);
    }

    @Test
    void inspect_tokenNestedWithoutEnd_isRefused() {
        String nested = Base64.getUrlEncoder()
                .withoutPadding()
                .encodeToString("[".repeat(30_000).getBytes(StandardCharsets.US_ASCII));

        assertRefused(withSection("jwt", "a." + nested + ".c")).isInstanceOf(ModuleRefusal.BadClaims.class);
        assertRefused(withSection("jwt", "a".repeat(ClaimsToken.BYTES_MAX + 1)))
                .isInstanceOf(ModuleRefusal.BadClaims.class);
    }

    @Test
    void parse_keysOfPublishedActors_areTaken() {
        String kvcounter = "MCFMFDWFHGKELOXPCNCDXKK5OFLHBVEWRAOXR5JSQUD2TOFRE3DFPM7E";
        String issuer = "ACOJJN6WUP4ODD75XEBKKTCCUJJCY5ZKQ56XVKYK4BEJWGVAOOQHZMCW";

        assertThat(PublicKeyText.parse(kvcounter, PublicKeyText.MODULE)).isPresent();
        assertThat(PublicKeyText.parse(issuer, PublicKeyText.ACCOUNT)).isPresent();
        assertThat(PublicKeyText.parse(kvcounter, PublicKeyText.ACCOUNT)).isEmpty();
        assertThat(PublicKeyText.parse(kvcounter.replace("PM7E", "PM7F"), PublicKeyText.MODULE))
                .isEmpty();
    }

    private static WasmbusModule inspect(byte[] wasm) throws InterruptedException {
        return WasmbusModule.inspect(Guests.compile(wasm), Guests.NOW);
    }

    private static org.assertj.core.api.ObjectAssert<ModuleRefusal> assertRefused(byte[] wasm) {
        try {
            inspect(wasm);
        } catch (ModuleRefusedException e) {
            assertThat(e).hasMessage(e.refusal().describe());
            return assertThat(e.refusal());
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        throw new AssertionError("the module must be refused");
    }

    /** echo-c with one more custom section. */
    private static byte[] withSection(String name, String content) {
        var section = new ByteArrayOutputStream();
        section.write(name.length());
        section.writeBytes(name.getBytes(StandardCharsets.UTF_8));
        section.writeBytes(content.getBytes(StandardCharsets.UTF_8));
        var module = new ByteArrayOutputStream();
        module.writeBytes(Guests.bytes("samples/echo-c/echo-c"));
        module.write(0);
        int size = section.size();
        while (size >= 0x80) {
            module.write((size & 0x7f) | 0x80);
            size >>>= 7;
        }
        module.write(size);
        module.writeBytes(section.toByteArray());
        return module.toByteArray();
    }

    /** An account that signs actors. */
    private static final class Signer {
        private static final String ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        private static final Base64.Encoder BASE64 = Base64.getUrlEncoder().withoutPadding();

        private final KeyPair pair = generate();
        final String issuer = key(PublicKeyText.ACCOUNT, raw(pair));
        final String subject = key(PublicKeyText.MODULE, raw(generate()));

        String token(String more) throws GeneralSecurityException {
            String claims = """
                    {"jti":"x","iat":1700000000,"iss":"%s","sub":"%s"%s,"wascap":{"name":"Echo","hash":"00","tags":[],
                     "caps":["wasmcloud:httpserver"],"rev":4,"ver":"0.3.4","call_alias":"wasmcloud/echo","prov":false},
                     "wascap_revision":3}""".formatted(issuer, subject, more);
            return sign(part("{\"typ\":\"jwt\",\"alg\":\"Ed25519\"}") + "." + part(claims));
        }

        String sign(String text) throws GeneralSecurityException {
            var ed25519 = Signature.getInstance("Ed25519");
            ed25519.initSign(pair.getPrivate());
            ed25519.update(text.getBytes(StandardCharsets.US_ASCII));
            return text + "." + BASE64.encodeToString(ed25519.sign());
        }

        private static String part(String json) {
            return BASE64.encodeToString(json.getBytes(StandardCharsets.UTF_8));
        }

        private static KeyPair generate() {
            try {
                return KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
            } catch (GeneralSecurityException e) {
                throw new AssertionError(e);
            }
        }

        private static byte[] raw(KeyPair pair) {
            byte[] der = pair.getPublic().getEncoded();
            return Arrays.copyOfRange(der, der.length - 32, der.length);
        }

        private static String key(int kind, byte[] raw) {
            byte[] bytes = new byte[35];
            bytes[0] = (byte) kind;
            System.arraycopy(raw, 0, bytes, 1, 32);
            int crc = PublicKeyText.crc16(bytes, 33);
            bytes[33] = (byte) crc;
            bytes[34] = (byte) (crc >>> 8);
            var text = new StringBuilder();
            for (int bit = 0; bit < 280; bit += 5) {
                int pairOfBytes = ((bytes[bit / 8] & 0xff) << 8) | (bit / 8 + 1 < 35 ? bytes[bit / 8 + 1] & 0xff : 0);
                text.append(ALPHABET.charAt((pairOfBytes >>> (11 - bit % 8)) & 0x1f));
            }
            return text.toString();
        }
    }
}
