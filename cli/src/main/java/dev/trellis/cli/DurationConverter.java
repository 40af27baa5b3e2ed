package dev.trellis.cli;

import java.time.Duration;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Times as people write them: {@code 500ms}, {@code 5s}, {@code 1m30s}, {@code 2h}. At most a day. */
final class DurationConverter implements ITypeConverter<Duration> {
    private static final Pattern VALID =
            Pattern.compile("(?:(\\d{1,9})h)?(?:(\\d{1,9})m)?(?:(\\d{1,9})s)?(?:(\\d{1,9})ms)?");
    private static final Duration MAX = Duration.ofDays(1);

    @Override
    public Duration convert(String text) {
        var match = VALID.matcher(text);
        if (text.isEmpty() || !match.matches()) {
            throw new TypeConversionException("'" + text + "' is no time: write it as 500ms, 5s, 1m30s or 2h");
        }
        Duration time = Duration.ofHours(number(match.group(1)))
                .plusMinutes(number(match.group(2)))
                .plusSeconds(number(match.group(3)))
                .plusMillis(number(match.group(4)));
        if (time.isZero() || time.compareTo(MAX) > 0) {
            throw new TypeConversionException("'" + text + "' must be more than zero and at most 24h");
        }
        return time;
    }

    private static long number(String digits) {
        return digits == null ? 0 : Long.parseLong(digits);
    }

    /** {@code time} the way it is written on the command line. */
    static String format(Duration time) {
        if (time.toMillis() < 1000) {
            return time.toMillis() + "ms";
        }
        long seconds = time.toSeconds();
        var text = new StringBuilder();
        if (seconds >= 3600) {
            text.append(seconds / 3600).append('h');
        }
        if (seconds % 3600 >= 60) {
            text.append(seconds % 3600 / 60).append('m');
        }
        if (seconds % 60 > 0 || text.isEmpty()) {
            text.append(seconds % 60).append('s');
        }
        return text.toString();
    }
}
