package dev.trellis.host.engine;

/** Pages of 64 KiB that one guest's memories share. Not for use by two threads at once. */
final class PageBudget {
    private final int pagesMax;
    private int used;

    PageBudget(int pagesMax) {
        this.pagesMax = pagesMax;
    }

    /** Takes {@code pages}, or nothing and gives false if so many are not left. */
    boolean take(int pages) {
        if (pages < 0 || pages > pagesMax - used) {
            return false;
        }
        used += pages;
        return true;
    }

    /** {@code pages} are free again; a negative number takes them. */
    void giveBack(int pages) {
        used -= pages;
    }

    int left() {
        return pagesMax - used;
    }

    int pagesMax() {
        return pagesMax;
    }
}
