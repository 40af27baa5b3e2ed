package dev.trellis.wadm.manifest;

import java.util.Optional;

/**
 * A reference to a secret: where it is kept, never its value.
 *
 * @param policy name of a {@code policy.secret.wasmcloud.dev/v1alpha1} policy of the manifest
 * @param key the secret in that policy's backend
 */
public record SecretEntry(
        String name, String policy, String key, Optional<String> field, Optional<String> version, Position position) {}
