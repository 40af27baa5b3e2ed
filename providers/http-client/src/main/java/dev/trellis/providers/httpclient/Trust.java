package dev.trellis.providers.httpclient;

import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Collection;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;

/** Which servers TLS believes: certificates for the URL's host, from the authorities of the Java runtime and given ones. */
final class Trust {
    /** Certificates in one setting; more are refused. */
    static final int CERTIFICATES_MAX = 64;

    private Trust() {}

    /**
     * TLS for the connections of one link. Sessions are resumed within it only.
     *
     * @param pem certificates of further authorities; blank for none
     * @throws IllegalArgumentException if they are not certificates
     */
    static SslContext context(String pem) {
        try {
            return SslContextBuilder.forClient()
                    .sslProvider(SslProvider.JDK)
                    .protocols("TLSv1.3", "TLSv1.2")
                    .endpointIdentificationAlgorithm("HTTPS")
                    .trustManager(authorities(pem))
                    .build();
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalStateException("this Java runtime has no TLS: " + e.getMessage(), e);
        }
    }

    private static TrustManagerFactory authorities(String pem) throws GeneralSecurityException, IOException {
        TrustManagerFactory known = factory(null);
        if (pem.isBlank()) {
            return known;
        }
        KeyStore all = KeyStore.getInstance(KeyStore.getDefaultType());
        all.load(null, null);
        int count = 0;
        for (Certificate certificate : certificates(pem)) {
            all.setCertificateEntry("own-" + count++, certificate);
        }
        for (TrustManager manager : known.getTrustManagers()) {
            if (manager instanceof X509TrustManager x509) {
                for (X509Certificate certificate : x509.getAcceptedIssuers()) {
                    all.setCertificateEntry("known-" + count++, certificate);
                }
            }
        }
        return factory(all);
    }

    private static TrustManagerFactory factory(@Nullable KeyStore store) throws GeneralSecurityException {
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(store);
        return factory;
    }

    private static Collection<? extends Certificate> certificates(String pem) {
        Collection<? extends Certificate> certificates;
        try {
            certificates = CertificateFactory.getInstance("X.509")
                    .generateCertificates(new ByteArrayInputStream(pem.getBytes(StandardCharsets.UTF_8)));
        } catch (CertificateException e) {
            throw new IllegalArgumentException("ca_certs must be certificates in PEM: " + e.getMessage(), e);
        }
        if (certificates.isEmpty() || certificates.size() > CERTIFICATES_MAX) {
            throw new IllegalArgumentException("ca_certs must hold from 1 to " + CERTIFICATES_MAX
                    + " certificates in PEM, holds " + certificates.size());
        }
        return certificates;
    }
}
