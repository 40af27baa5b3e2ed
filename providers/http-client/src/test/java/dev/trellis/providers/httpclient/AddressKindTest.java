package dev.trellis.providers.httpclient;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.Inet6Address;
import java.net.InetAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AddressKindTest {
    @ParameterizedTest
    @CsvSource({
        "1.1.1.1, PUBLIC",
        "9.255.255.255, PUBLIC",
        "11.0.0.0, PUBLIC",
        "100.63.255.255, PUBLIC",
        "100.128.0.0, PUBLIC",
        "172.15.255.255, PUBLIC",
        "172.32.0.0, PUBLIC",
        "192.167.255.255, PUBLIC",
        "192.169.0.0, PUBLIC",
        "198.17.255.255, PUBLIC",
        "198.20.0.0, PUBLIC",
        "223.255.255.255, PUBLIC",
        "0.0.0.0, UNUSABLE",
        "0.1.2.3, UNUSABLE",
        "10.0.0.0, INTERNAL",
        "10.255.255.255, INTERNAL",
        "100.64.0.0, INTERNAL",
        "100.127.255.255, INTERNAL",
        "100.100.100.200, METADATA",
        "127.0.0.1, INTERNAL",
        "127.255.255.255, INTERNAL",
        "168.63.129.16, METADATA",
        "169.254.0.0, METADATA",
        "169.254.169.254, METADATA",
        "169.254.170.2, METADATA",
        "172.16.0.0, INTERNAL",
        "172.31.255.255, INTERNAL",
        "192.0.0.192, METADATA",
        "192.0.2.1, INTERNAL",
        "192.168.0.1, INTERNAL",
        "198.18.0.1, INTERNAL",
        "198.19.255.255, INTERNAL",
        "198.51.100.1, INTERNAL",
        "203.0.113.1, INTERNAL",
        "224.0.0.1, UNUSABLE",
        "239.255.255.255, UNUSABLE",
        "240.0.0.1, UNUSABLE",
        "255.255.255.255, UNUSABLE",
        "2606:4700:4700::1111, PUBLIC",
        "::, UNUSABLE",
        "::1, INTERNAL",
        "::2, UNUSABLE",
        "::127.0.0.1, UNUSABLE",
        "::ffff:1.1.1.1, PUBLIC",
        "::ffff:127.0.0.1, INTERNAL",
        "64:ff9b::1.1.1.1, PUBLIC",
        "64:ff9b::10.0.0.1, INTERNAL",
        "64:ff9b::169.254.169.254, METADATA",
        "64:ff9b::0.0.0.0, UNUSABLE",
        "64:ff9b:1::1, METADATA",
        "100::1, UNUSABLE",
        "2001::1, UNUSABLE",
        "2001:db8::1, INTERNAL",
        "2001:4860:4860::8888, PUBLIC",
        "2002:0101:0101::1, PUBLIC",
        "2002:7f00:0001::1, INTERNAL",
        "2002:a9fe:a9fe::1, METADATA",
        "2606:4700::5efe:10.0.0.1, INTERNAL",
        "2606:4700::200:5efe:169.254.169.254, METADATA",
        "3fff::1, INTERNAL",
        "fc00::1, INTERNAL",
        "fdff::1, INTERNAL",
        "fd00:ec2::254, METADATA",
        "fd20:ce::254, METADATA",
        "fe80::1, METADATA",
        "febf::1, METADATA",
        "fec0::1, INTERNAL",
        "ff02::1, UNUSABLE",
        "4000::1, UNUSABLE",
    })
    void of_everyRange_isAsSaid(String address, AddressKind kind) {
        assertThat(AddressKind.of(InetAddress.ofLiteral(address))).isEqualTo(kind);
    }

    @Test
    void of_mappedAddressThatJavaKeepsAsIpv6_isThatOfTheIpv4Inside() throws Exception {
        byte[] mapped = new byte[16];
        mapped[10] = (byte) 0xff;
        mapped[11] = (byte) 0xff;
        mapped[12] = (byte) 169;
        mapped[13] = (byte) 254;

        assertThat(AddressKind.of(Inet6Address.getByAddress(null, mapped, 1))).isEqualTo(AddressKind.METADATA);
    }
}
