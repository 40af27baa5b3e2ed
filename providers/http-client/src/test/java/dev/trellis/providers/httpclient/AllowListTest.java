package dev.trellis.providers.httpclient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AllowListTest {
    private static final AllowList LIST = AllowList.parse(
            "https://api.example.com, https://*.example.org:8443\nhttp://billing.internal:8080 private,, http://127.0.0.1:9000, http://[fd00::1], http://169.254.169.254");

    private static Origin origin(String url) {
        return HttpUrl.parse(url).origin();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "https://api.example.com",
                "https://API.example.com:443/x",
                "https://a.example.org:8443",
                "https://a.b.example.org:8443",
                "http://billing.internal:8080",
                "http://127.0.0.1:9000",
                "http://[::ffff:127.0.0.1]:9000",
                "http://[fd00:0::1]",
            })
    void allows_originsOfTheList_yes(String url) {
        assertThat(LIST.allows(origin(url))).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://api.example.com",
                "https://api.example.com:8443",
                "https://api.example.com.evil.net",
                "https://xapi.example.com",
                "https://example.org:8443",
                "https://evilexample.org:8443",
                "https://a.example.org",
                "http://a.example.org:8443",
                "http://billing.internal",
                "http://127.0.0.2:9000",
                "http://127.0.0.1",
                "http://localhost:9000",
            })
    void allows_otherOrigins_no(String url) {
        assertThat(LIST.allows(origin(url))).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "https://api.example.com, true, false, false",
        "https://a.example.org:8443, true, false, false",
        "http://billing.internal:8080, true, true, false",
        "http://127.0.0.1:9000, true, true, true",
        "http://169.254.169.254, true, true, true",
        "https://elsewhere.example, false, false, false",
    })
    void allows_kindsOfAddress_asTheEntrySays(String url, boolean open, boolean internal, boolean metadata) {
        assertThat(LIST.allows(origin(url), AddressKind.PUBLIC)).isEqualTo(open);
        assertThat(LIST.allows(origin(url), AddressKind.INTERNAL)).isEqualTo(internal);
        assertThat(LIST.allows(origin(url), AddressKind.METADATA)).isEqualTo(metadata);
        assertThat(LIST.allows(origin(url), AddressKind.UNUSABLE)).isFalse();
    }

    @Test
    void toString_isWhatCanBeWritten() {
        assertThat(AllowList.parse(LIST.toString())).isEqualTo(LIST);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "api.example.com|must begin with http:// or https://",
                "ftp://a.example|must begin with http:// or https://",
                "https://a.example/v1|must end after host and port",
                "https://a.example/|must end after host and port",
                "https://u:p@a.example|must not hold a user",
                "https://*|must be labels",
                "https://*.com|two labels at least",
                "https://*.127.0.0.1|two labels at least",
                "https://a.*.example.com|must be labels",
                "https://*.example.com private|must name one host",
                "https://a.example public|an origin and the word private",
                "https://a.example private private|an origin and the word private",
                "http://10.0.0.1 private|an address allows itself",
                "http://0.0.0.0|no request can be sent to",
                "http://[ff02::1]|no request can be sent to",
                "http://2130706433|four decimal numbers",
                "http://a.example:0|port must be",
            })
    void parse_entriesThatSayTooMuchOrNothing_areRefused(String entry, String expectation) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> AllowList.parse("https://ok.example, " + entry))
                .withMessageContaining(expectation)
                .withMessageContaining(entry.split(" ", -1)[0]);
    }

    @Test
    void parse_tooManyEntries_isRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> AllowList.parse("https://a.example,".repeat(AllowList.ENTRIES_MAX + 1)))
                .withMessageContaining("at most 256");
    }
}
