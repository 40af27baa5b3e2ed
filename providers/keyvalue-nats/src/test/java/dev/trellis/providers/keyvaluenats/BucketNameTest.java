package dev.trellis.providers.keyvaluenats;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.trellis.lattice.model.LatticeName;
import dev.trellis.providers.sdk.Settings;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class BucketNameTest {
    @Test
    void of_settingInAnyCase_isRead() {
        assertThat(BucketName.of(Settings.of(Map.of("Bucket", " orders ")))).contains(new BucketName("orders"));
        assertThat(BucketName.of(Settings.NONE)).isEmpty();
    }

    @Test
    void of_settingOfTheRedisProvider_isLeftAside() {
        assertThat(BucketName.of(Settings.of(Map.of("URL", "redis://h")))).isEmpty();
    }

    @Test
    void of_unknownSetting_namesItAndWhatIsKnown() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> BucketName.of(Settings.of(Map.of("bukcet", "orders"))))
                .withMessageContaining("[bukcet]")
                .withMessageContaining("takes bucket");
    }

    @Test
    void ofLattice_namesTheLattice() {
        assertThat(BucketName.ofLattice(LatticeName.DEFAULT)).hasToString("TRELLIS_KV_default");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a.b", "a b", "b\u00fccket", "a>", "*"})
    void name_notABucket_saysWhatIsExpected(String name) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new BucketName(name))
                .withMessageContaining("expected 1 to 128 letters");
    }

    @ParameterizedTest
    @ValueSource(strings = {"LATTICEDATA_default", "CONFIGDATA_x", "TRELLIS_MANIFESTS_default", "wadm_state"})
    void name_ofTheLatticesOwnRecords_isRefused(String name) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new BucketName(name))
                .withMessageContaining("own records");
    }
}
