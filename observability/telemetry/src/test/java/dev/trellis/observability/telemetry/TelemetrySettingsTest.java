package dev.trellis.observability.telemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.net.URI;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TelemetrySettingsTest {
    @Test
    void settings_nothingSet_exportNothingAndSampleAll() {
        var settings = TelemetrySettings.defaults();

        assertThat(settings.disabled()).isFalse();
        assertThat(settings.traces()).isEmpty();
        assertThat(settings.metrics()).isEmpty();
        assertThat(settings.sampling()).isEqualTo(Sampling.ALL);
        assertThat(settings.serviceName()).isEqualTo("trellis");
        assertThat(settings.unsupported()).isEmpty();
        assertThat(settings.batching())
                .isEqualTo(new TelemetrySettings.Batching(2048, 512, Duration.ofSeconds(5), Duration.ofSeconds(30)));
        assertThat(settings.metricInterval()).isEqualTo(Duration.ofSeconds(60));
    }

    @Test
    void settings_oneEndpoint_isTheBaseOfBothSignals() {
        var settings = TelemetrySettings.of(Map.of("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318/base/"));

        assertThat(settings.traces().orElseThrow().endpoint())
                .isEqualTo(URI.create("http://collector:4318/base/v1/traces"));
        assertThat(settings.metrics().orElseThrow().endpoint())
                .isEqualTo(URI.create("http://collector:4318/base/v1/metrics"));
    }

    @Test
    void settings_endpointOfASignal_isTakenAsItIs() {
        var settings = TelemetrySettings.of(Map.of("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "https://collector/spans"));

        assertThat(settings.traces().orElseThrow().endpoint()).isEqualTo(URI.create("https://collector/spans"));
        assertThat(settings.metrics()).isEmpty();
    }

    @Test
    void settings_allOfATarget_areRead() {
        var settings = TelemetrySettings.of(Map.of(
                "OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318",
                "OTEL_EXPORTER_OTLP_HEADERS", "api-key=s%2Ce%20c+ret,x=1",
                "OTEL_EXPORTER_OTLP_TRACES_HEADERS", "x=2",
                "OTEL_EXPORTER_OTLP_TIMEOUT", "250",
                "OTEL_EXPORTER_OTLP_COMPRESSION", "gzip",
                "OTEL_METRICS_EXPORTER", "none"));

        var target = settings.traces().orElseThrow();
        assertThat(target.headers()).isEqualTo(Map.of("api-key", "s,e c+ret", "x", "2"));
        assertThat(target.timeout()).isEqualTo(Duration.ofMillis(250));
        assertThat(target.gzip()).isTrue();
        assertThat(target.toString()).doesNotContain("ret").contains("api-key");
        assertThat(settings.metrics()).isEmpty();
    }

    @Test
    void settings_namesOfTheService_areReadInOrder() {
        var attributes = Map.of("OTEL_RESOURCE_ATTRIBUTES", "service.name=a,deployment.environment.name=test");

        assertThat(TelemetrySettings.of(attributes).serviceName()).isEqualTo("a");
        assertThat(TelemetrySettings.of(attributes).resource())
                .isEqualTo(Map.of("deployment.environment.name", "test"));
        assertThat(TelemetrySettings.of(Map.of("OTEL_RESOURCE_ATTRIBUTES", "service.name=a", "OTEL_SERVICE_NAME", "b"))
                        .serviceName())
                .isEqualTo("b");
    }

    @ParameterizedTest
    @CsvSource({
        "always_on, , false, 1",
        "always_off, , false, 0",
        "parentbased_always_on, , true, 1",
        "parentbased_always_off, , true, 0",
        "traceidratio, 0.25, false, 0.25",
        "parentbased_traceidratio, 0.5, true, 0.5"
    })
    void settings_sampler_isRead(String name, String argument, boolean follow, double ratio) {
        var settings = TelemetrySettings.of(
                Map.of("OTEL_TRACES_SAMPLER", name, "OTEL_TRACES_SAMPLER_ARG", argument == null ? "" : argument));

        assertThat(settings.sampling()).isEqualTo(new Sampling(follow, ratio));
    }

    @ParameterizedTest
    @CsvSource({
        "OTEL_SDK_DISABLED, maybe",
        "OTEL_EXPORTER_OTLP_ENDPOINT, collector:4318",
        "OTEL_EXPORTER_OTLP_ENDPOINT, grpc://collector",
        "OTEL_TRACES_SAMPLER, jaeger_remote",
        "OTEL_BSP_MAX_QUEUE_SIZE, 0",
        "OTEL_BSP_SCHEDULE_DELAY, soon",
        "OTEL_METRIC_EXPORT_INTERVAL, -1",
        "OTEL_RESOURCE_ATTRIBUTES, no pair",
        "OTEL_RESOURCE_ATTRIBUTES, a=%zz",
        "OTEL_TRACES_EXPORTER, zipkin"
    })
    void settings_impossibleValue_isRefusedByName(String name, String value) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> TelemetrySettings.of(Map.of(name, value)))
                .withMessageContaining(name);
    }

    @Test
    void settings_protocolThatIsNotSpoken_isRefusedByName() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> TelemetrySettings.of(
                        Map.of("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4317", "OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")))
                .withMessageContaining("OTEL_EXPORTER_OTLP_PROTOCOL")
                .withMessageContaining("http/protobuf");
    }

    @Test
    void settings_secretThatCannotBeRead_isNotTold() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> TelemetrySettings.of(
                        Map.of("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c", "OTEL_EXPORTER_OTLP_HEADERS", "s3cret")))
                .withMessageNotContaining("s3cret");
    }

    @Test
    void settings_variablesWithoutEffect_areNamed() {
        var settings = TelemetrySettings.of(Map.of(
                "OTEL_EXPORTER_ZIPKIN_ENDPOINT", "http://z",
                "OTEL_LOGS_EXPORTER", "otlp",
                "OTEL_PROPAGATORS", "tracecontext,baggage",
                "PATH", "/bin"));

        assertThat(settings.unsupported()).containsExactly("OTEL_EXPORTER_ZIPKIN_ENDPOINT", "OTEL_LOGS_EXPORTER");
    }
}
