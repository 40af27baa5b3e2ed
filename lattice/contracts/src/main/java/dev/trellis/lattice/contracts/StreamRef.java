package dev.trellis.lattice.contracts;

import dev.trellis.lattice.model.HostId;

/**
 * Where the bodies of a call from another host move: its HTTP exchange there.
 *
 * @param idHigh first half of the 128 random bits that entitle to take and give parts
 * @param idLow second half
 * @param host that made the call and has the exchange
 * @param requestWhole whether the call itself holds all of the request's body
 */
public record StreamRef(long idHigh, long idLow, HostId host, boolean requestWhole) {
    /** Without the id, which is a secret between the two hosts. */
    @Override
    public String toString() {
        return "stream of host " + host;
    }
}
