package io.github.squeeze4j.weights;

import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.List;
import javax.net.ssl.SSLException;

/** The server of one file: its answers, over redirects, and what of its failures another attempt may mend. */
final class FileServer {
    /** How long it may be silent, in milliseconds. */
    static final int TIMEOUT = 30_000;

    private static final int REDIRECTS = 5;
    private static final int TOO_MANY_REQUESTS = 429;

    private final URI url;
    /** Where the file is to be, for messages. */
    private final Path target;

    private final boolean plainHttp;
    private int timeoutMillis = TIMEOUT;

    FileServer(URI url, Path target, boolean plainHttp) {
        this.url = url;
        this.target = target;
        this.plainHttp = plainHttp;
    }

    void timeout(int millis) {
        timeoutMillis = millis;
    }

    /** An answer with what stands from there on, if the file is still the validator's; with all of it from 0. */
    HttpURLConnection connect(long start, String validator) throws CutException {
        URI address = url;
        for (int hop = 0; hop <= REDIRECTS; hop++) {
            try {
                HttpURLConnection connection =
                        (HttpURLConnection) address.toURL().openConnection();
                connection.setConnectTimeout(timeoutMillis);
                connection.setReadTimeout(timeoutMillis);
                connection.setInstanceFollowRedirects(false);
                connection.setUseCaches(false);
                connection.setRequestProperty("Accept-Encoding", "identity");
                connection.setRequestProperty("User-Agent", "squeeze4j");
                if (start > 0) {
                    connection.setRequestProperty("Range", "bytes=" + start + "-");
                    connection.setRequestProperty("If-Range", validator);
                }
                int code = connection.getResponseCode();
                String location = connection.getHeaderField("Location");
                if (code / 100 != 3 || location == null) {
                    return connection;
                }
                connection.disconnect();
                address = address.resolve(location);
                requireAllowed(address);
            } catch (IOException e) {
                throw lost(e);
            } catch (IllegalArgumentException e) {
                throw new WeightsException(
                        "address (" + url + ") must lead to a file, but leads to no address (" + e + ")", e);
            }
        }
        throw new WeightsException("address (" + url + ") must lead to a file in " + REDIRECTS + " steps; get the file"
                + " otherwise and put it at " + target);
    }

    int status(HttpURLConnection connection) throws CutException {
        try {
            int code = connection.getResponseCode();
            if (code == TOO_MANY_REQUESTS || code >= HttpURLConnection.HTTP_INTERNAL_ERROR) {
                throw new CutException("the server answers " + code, null);
            }
            return code;
        } catch (IOException e) {
            throw lost(e);
        }
    }

    InputStream body(HttpURLConnection connection) throws CutException {
        try {
            return connection.getInputStream();
        } catch (IOException e) {
            throw lost(e);
        }
    }

    int read(InputStream in, byte[] block) throws CutException {
        try {
            return in.read(block);
        } catch (IOException e) {
            throw lost(e);
        }
    }

    /** What no second attempt mends is said at once. */
    private CutException lost(IOException e) {
        if (e instanceof UnknownHostException || e instanceof ConnectException) {
            throw new WeightsException(
                    "server of " + url + " must be within reach (" + e
                            + "); look at the network connection and run it again",
                    e);
        }
        // a lost connection has an IOException as its cause, a certificate that is refused has not
        if (e instanceof SSLException && !(e.getCause() instanceof IOException)) {
            throw new WeightsException(
                    "server of " + url + " must be one with which Java can speak and that it trusts (" + e
                            + "); look at the clock, the proxy and the certificates of Java, and run it again",
                    e);
        }
        return new CutException("the connection was lost (" + e + ")", e);
    }

    void requireAllowed(URI address) {
        String scheme = String.valueOf(address.getScheme());
        boolean http = scheme.equalsIgnoreCase("http") && (plainHttp || isLoopback(address.getHost()));
        if (!http && !scheme.equalsIgnoreCase("https")) {
            throw new WeightsException("address (" + address
                    + ") must begin with https, so that nobody on the way can change the file"
                    + (scheme.equalsIgnoreCase("http")
                            ? "; if you trust the way, allow plain http with weights get NAME --plain-http or WeightCache.plainHttp()"
                            : ""));
        }
    }

    private static boolean isLoopback(String host) {
        try {
            return host != null
                    && List.of("localhost", "127.0.0.1", "[::1]").contains(host)
                    && InetAddress.getByName(host).isLoopbackAddress();
        } catch (UnknownHostException e) {
            return false;
        }
    }
}
