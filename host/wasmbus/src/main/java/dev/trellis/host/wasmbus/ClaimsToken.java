package dev.trellis.host.wasmbus;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.X509EncodedKeySpec;
import java.time.Instant;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The token that {@code wash claims sign} puts into a module: a JWT, signed with Ed25519 by an account's key. */
final class ClaimsToken {
    /** A longer token is refused unread. */
    static final int BYTES_MAX = 64 << 10;

    private static final int JSON_DEPTH_MAX = 32;

    /** DER of a SubjectPublicKeyInfo for Ed25519, up to the key (RFC 8410). */
    private static final byte[] ED25519_PREFIX = HexFormat.of().parseHex("302a300506032b6570032100");

    private static final JsonMapper JSON = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(JSON_DEPTH_MAX)
                            .build())
                    .build())
            .build();

    private ClaimsToken() {}

    /**
     * The claims of a token whose signature is its issuer's and which is in force.
     *
     * @throws ModuleRefusedException if it is not
     */
    static ActorClaims verify(byte[] token, Instant now) {
        if (token.length > BYTES_MAX) {
            throw refused("the token has " + token.length + " bytes, at most " + BYTES_MAX + " are read");
        }
        String text = new String(token, StandardCharsets.US_ASCII).strip();
        String[] parts = text.split("\\.", -1);
        if (parts.length != 3) {
            throw refused("a token has three parts with dots between, this has " + parts.length);
        }
        JsonNode claims = json(parts[1]);
        String issuer = text(claims, "iss");
        String subject = text(claims, "sub");
        PublicKey key = PublicKeyText.parse(issuer, PublicKeyText.ACCOUNT)
                .map(ClaimsToken::publicKey)
                .orElseThrow(() -> refused("issuer '" + shorten(issuer) + "' is no account's public key (A...)"));
        if (PublicKeyText.parse(subject, PublicKeyText.MODULE).isEmpty()) {
            throw refused("subject '" + shorten(subject) + "' is no module's public key (M...)");
        }
        byte[] signed = text.substring(0, text.lastIndexOf('.')).getBytes(StandardCharsets.US_ASCII);
        if (!verifies(key, signed, base64(parts[2]))) {
            throw refused("the signature is not one of issuer " + issuer);
        }
        Optional<Instant> expires = instant(claims, "exp");
        if (expires.isPresent() && !now.isBefore(expires.get())) {
            throw new ModuleRefusedException(new ModuleRefusal.ClaimsExpired(subject, expires.get(), now));
        }
        Optional<Instant> notBefore = instant(claims, "nbf");
        if (notBefore.isPresent() && now.isBefore(notBefore.get())) {
            throw new ModuleRefusedException(new ModuleRefusal.ClaimsNotYetValid(subject, notBefore.get(), now));
        }
        JsonNode actor = claims.path("wascap");
        String alias = text(actor, "call_alias");
        return new ActorClaims(
                subject,
                issuer,
                text(actor, "name"),
                alias.isEmpty() ? Optional.empty() : Optional.of(alias),
                actor.path("rev").asInt(0),
                text(actor, "ver"),
                expires);
    }

    private static boolean verifies(PublicKey key, byte[] signed, byte[] signature) {
        try {
            var ed25519 = Signature.getInstance("Ed25519");
            ed25519.initVerify(key);
            ed25519.update(signed);
            return ed25519.verify(signature);
        } catch (GeneralSecurityException e) {
            return false; // of the wrong length, or not a point
        }
    }

    private static PublicKey publicKey(byte[] key) {
        byte[] der = new byte[ED25519_PREFIX.length + key.length];
        System.arraycopy(ED25519_PREFIX, 0, der, 0, ED25519_PREFIX.length);
        System.arraycopy(key, 0, der, ED25519_PREFIX.length, key.length);
        try {
            return KeyFactory.getInstance("Ed25519").generatePublic(new X509EncodedKeySpec(der));
        } catch (GeneralSecurityException e) {
            throw refused("the issuer's key is no point of Ed25519");
        }
    }

    private static JsonNode json(String part) {
        try {
            return JSON.readTree(base64(part));
        } catch (JacksonException e) {
            throw refused("the token's second part is not JSON");
        }
    }

    private static byte[] base64(String part) {
        try {
            return Base64.getUrlDecoder().decode(part);
        } catch (IllegalArgumentException e) {
            throw refused("a part of the token is not base64url");
        }
    }

    private static String text(JsonNode node, String field) {
        JsonNode value = node.path(field);
        return value.isString() ? value.stringValue() : "";
    }

    private static Optional<Instant> instant(JsonNode claims, String field) {
        JsonNode seconds = claims.path(field);
        if (!seconds.isIntegralNumber() || !seconds.canConvertToLong()) {
            return Optional.empty();
        }
        long value = Math.clamp(seconds.longValue(), 0L, Instant.MAX.getEpochSecond());
        return Optional.of(Instant.ofEpochSecond(value));
    }

    private static String shorten(String text) {
        return text.length() <= 64 ? text : text.substring(0, 64) + "...";
    }

    private static ModuleRefusedException refused(String reason) {
        return new ModuleRefusedException(new ModuleRefusal.BadClaims(reason));
    }
}
