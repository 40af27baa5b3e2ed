package dev.trellis.lattice.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class HostInventoryTest {
    @Test
    void read_actorsInPlaceOfComponents_areTheComponents() {
        byte[] json = "{\"host_id\":\"NA\",\"actors\":[{\"id\":\"app-echo\",\"image_ref\":\"x\"}]}"
                .getBytes(StandardCharsets.UTF_8);

        assertThat(WireJson.read(json, HostInventory.class).components())
                .extracting(ActorDescription::id)
                .containsExactly("app-echo");
    }
}
