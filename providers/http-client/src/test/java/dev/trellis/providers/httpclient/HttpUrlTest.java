package dev.trellis.providers.httpclient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HttpUrlTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = ' ',
            value = {
                "http://a.example http://a.example /",
                "HTTPS://A.Example:443/x https://a.example /x",
                "http://a.example:8080?q=1 http://a.example:8080 /?q=1",
                "http://a.example:80/ http://a.example /",
                "https://a.example/p/../q;v=1?x=y&a[]=2&z=/?#frag https://a.example /p/../q;v=1?x=y&a[]=2&z=/?",
                "http://a.example#only http://a.example /",
                "http://127.0.0.1/%2F%41 http://127.0.0.1 /%2F%41",
                "http://[::1]:8080/ http://[0:0:0:0:0:0:0:1]:8080 /",
                "http://[::FFFF:10.0.0.1]/ http://10.0.0.1 /",
                "http://a.example/\u00e4?\u20ac=\ud83d\ude00 http://a.example /%C3%A4?%E2%82%AC=%F0%9F%98%80",
                "http://b\u00fccher.example/ http://xn--bcher-kva.example /",
                "http://B\u00dcCHER.example/ http://xn--bcher-kva.example /",
                "http://a\u3002example/ http://a.example /",
                "http://\uff11\uff12\uff17.0.0.1/ http://127.0.0.1 /",
                "http://x_y.example/ http://x_y.example /",
                "http://3com/ http://3com /",
                "http://1.2.3.4.example/ http://1.2.3.4.example /",
            })
    void parse_urlsThatAllReadAlike_areTaken(String text, String origin, String target) {
        HttpUrl url = HttpUrl.parse(text);

        assertThat(url.origin()).hasToString(origin);
        assertThat(url.target()).isEqualTo(target);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "a.example",
                "//a.example/",
                "http:/a.example",
                "http:a.example",
                "ftp://a.example/",
                "file:///etc/passwd",
                "javascript://a.example/",
                " http://a.example/",
                "http://",
                "http:///path",
                "http://?q",
                "http://user@a.example/",
                "http://user:secret@a.example/",
                "http://a.example:80@evil.example/",
                "http://a.example\\@evil.example/",
                "http://a.example\\.evil.example/",
                "http://evil.example\\\\a.example/",
                "http://a.example:/",
                "http://a.example:0/",
                "http://a.example:080/",
                "http://a.example:65536/",
                "http://a.example:99999999999/",
                "http://a.example:+80/",
                "http://a.example:\u0661/",
                "http://a.example:80:90/",
                "http://a..example/",
                "http://.example/",
                "http://a.example./",
                "http://-a.example/",
                "http://a-.example/",
                "http://a%2eexample/",
                "http://a b.example/",
                "http://a.exam\tple/",
                "http://a.example/\r\nHost: evil",
                "http://a.example/ HTTP/1.1",
                "http://a.example/%0",
                "http://a.example/%zz",
                "http://a.example/{x}",
                "http://a.example/\"",
                "http://a.example/<>",
                "http://a.example/|",
                "http://a.example/a[0]",
                "http://a.example/\u0000",
                "http://a.example/\u007f",
                "http://a.example/\ud800",
                "http://\u2100.example/",
                "http://[::1/",
                "http://::1/",
                "http://[127.0.0.1]/",
                "http://[fe80::1%25eth0]/",
                "http://[fe80::1%eth0]/",
                "http://[::g]/",
                "http://[]/",
                "http://[::1]x/",
                "http://[::1]:/",
                "http://0x7f.0.0.1/",
                "http://0x7f000001/",
                "http://0x/",
                "http://2130706433/",
                "http://127.1/",
                "http://127.0.1/",
                "http://0177.0.0.1/",
                "http://127.0.0.01/",
                "http://127.0.0.256/",
                "http://1.2.3.4.5/",
                "http://127.0.0.0x1/",
                "http://a.1/",
                "http://\uff10x7f.1/",
            })
    void parse_urlsThatMayBeReadInTwoWays_areRefused(String text) {
        assertThatIllegalArgumentException().isThrownBy(() -> HttpUrl.parse(text));
    }

    @Test
    void parse_tooLong_isRefusedAtOnce() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> HttpUrl.parse("http://a.example/" + "x".repeat(HttpUrl.LENGTH_MAX)))
                .withMessageContaining("at most 8192 characters");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> HttpUrl.parse("http://" + "\u00e4".repeat(8000) + "/"))
                .withMessageContaining("at most 253 characters");
        assertThatIllegalArgumentException().isThrownBy(() -> HttpUrl.parse("http://" + "a".repeat(64) + ".example/"));
    }

    /** The examples of RFC 3986, 5.4, as far as they are about http. */
    @ParameterizedTest
    @CsvSource(
            delimiter = ' ',
            value = {
                "g /b/c/g",
                "./g /b/c/g",
                "g/ /b/c/g/",
                "/g /g",
                "?y /b/c/d;p?y",
                "g?y /b/c/g?y",
                "#s /b/c/d;p?q",
                "g#s /b/c/g",
                ";x /b/c/;x",
                "g;x=1/./y /b/c/g;x=1/y",
                ". /b/c/",
                "./ /b/c/",
                ".. /b/",
                "../ /b/",
                "../g /b/g",
                "../.. /",
                "../../g /g",
                "../../../g /g",
                "/./g /g",
                "/../g /g",
                "g. /b/c/g.",
                "..g /b/c/..g",
                "./../g /b/g",
                "./g/. /b/c/g/",
                "g/./h /b/c/g/h",
                "g/../h /b/c/h",
                "g?y/../x /b/c/g?y/../x",
            })
    void resolve_examplesOfTheStandard_resolve(String reference, String target) {
        HttpUrl to = HttpUrl.parse("http://a/b/c/d;p?q").resolve(reference);

        assertThat(to.target()).isEqualTo(target);
        assertThat(to.origin()).hasToString("http://a");
    }

    @Test
    void resolve_otherOrigins_areParsedAsStrictly() {
        HttpUrl from = HttpUrl.parse("https://a.example/x");

        assertThat(from.resolve("//b.example/y").origin()).hasToString("https://b.example");
        assertThat(from.resolve("http://b.example").origin()).hasToString("http://b.example");
        for (String bad : new String[] {
            "file:///etc/passwd",
            "gopher://b.example/",
            "//user@b.example/",
            "/\\b.example",
            "/a b",
            "http:b",
            "x:y",
            "//0x7f.1/"
        }) {
            assertThatIllegalArgumentException().as(bad).isThrownBy(() -> from.resolve(bad));
        }
        assertThat(from.resolve("/\u00e4").target()).isEqualTo("/%C3%A4");
    }

    @Test
    void parse_anyText_isRefusedOrHasOneForm() {
        long seed = 20_260_819;
        var random = new Random(seed);
        String[] parts = {
            "http",
            "https",
            "://",
            ":",
            "//",
            "/",
            "@",
            "#",
            "?",
            "[",
            "]",
            "%",
            "%2e",
            "\\",
            ".",
            "..",
            "a",
            "example",
            "com",
            "127",
            "0x7f",
            "1",
            "80",
            "443",
            "::1",
            "::ffff:",
            "169.254.169.254",
            "user",
            "\r\n",
            " ",
            "\t",
            "\u0000",
            "\u00e4",
            "\uff0e",
            "\u2024",
            "\u3002",
            "\uff0f",
            "\u2044",
            "\ud83d\ude00",
            "\ud800",
            "xn--",
            "-",
            "_",
            "localhost"
        };
        int taken = 0;
        for (int round = 0; round < 40_000; round++) {
            var text = new StringBuilder(random.nextInt(4) > 0 ? "http://" : "");
            for (int i = random.nextInt(12); i > 0; i--) {
                text.append(parts[random.nextInt(parts.length)]);
            }
            HttpUrl url;
            try {
                url = HttpUrl.parse(text.toString());
            } catch (IllegalArgumentException e) {
                assertThat(e.getMessage()).isNotEmpty().hasSizeLessThan(500);
                continue;
            }
            taken++;
            String canonical = url.origin() + url.target();
            assertThat(canonical).as("%s, seed %d", text, seed).matches("https?://[\\x21-\\x7e]+/[\\x21-\\x7e]*");
            assertThat(HttpUrl.parse(canonical)).as("%s, seed %d", text, seed).isEqualTo(url);
            assertReadsAlikeElsewhere(canonical, url);
        }
        assertThat(taken).isGreaterThan(1_000);
    }

    /** Another parser must not find another host in what goes out. */
    private static void assertReadsAlikeElsewhere(String canonical, HttpUrl url) {
        URI other;
        try {
            other = new URI(canonical);
        } catch (URISyntaxException e) {
            return; // brackets in the query
        }
        String authority = url.origin().host().text();
        assertThat(other.getRawAuthority()).as(canonical).isEqualTo(url.origin().authority());
        if (other.getHost() != null) {
            assertThat(other.getHost()).as(canonical).isEqualTo(authority);
        }
        if (url.origin().host() instanceof UrlHost.Name(String name)) {
            assertThatExceptionOfType(IllegalArgumentException.class)
                    .as("%s must be no address to anybody", canonical)
                    .isThrownBy(() -> InetAddress.ofLiteral(name));
        }
    }
}
