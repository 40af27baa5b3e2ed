package dev.trellis.host.component;

import static dev.trellis.host.component.InvalidComponentException.invalid;

/**
 * The steps that the validation of one component may take. Few bytes can describe types that grow with every
 * instantiation; their size is bounded, and this bounds how often they are copied and compared.
 */
final class Budget {
    /** Far above what real components need; a hundred megabytes or two at worst. */
    static final int STEPS_MAX = 1_000_000;

    private int left = STEPS_MAX;

    /** @throws InvalidComponentException if the component needs too many */
    void step(int offset) {
        if (--left < 0) {
            throw invalid(
                    offset, "validation takes at most " + STEPS_MAX + " steps over types, this component needs more");
        }
    }

    int used() {
        return STEPS_MAX - left;
    }
}
