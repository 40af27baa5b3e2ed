# Sourced by ./trellis and ./verify: sets JAVA_HOME to a JDK of at least JDK_MIN, or says what to do and exits with 7.
JDK_MIN=25

jdk_version() { # DIR -> major version of the JDK in it, or nothing
    [ -x "$1/bin/javac" ] && [ -f "$1/release" ] &&
        sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$1/release"
}

jdk_fits() {
    version=$(jdk_version "$1")
    [ -n "$version" ] && [ "$version" -ge "$JDK_MIN" ]
}

find_jdk() {
    if [ -n "${JAVA_HOME:-}" ] && jdk_fits "$JAVA_HOME"; then
        return 0
    fi
    on_path=$(command -v javac || true)
    if [ -n "$on_path" ]; then
        on_path=$(dirname "$(dirname "$(readlink -f "$on_path")")")
    fi
    for candidate in "$on_path" /usr/lib/jvm/* /usr/java/* /opt/java/* /opt/jdk* /opt/homebrew/opt/openjdk*/libexec/openjdk.jdk/Contents/Home \
        /Library/Java/JavaVirtualMachines/*/Contents/Home "${HOME:-/}"/.sdkman/candidates/java/* "${HOME:-/}"/.jdks/*; do
        if [ -n "$candidate" ] && jdk_fits "$candidate"; then
            JAVA_HOME=$candidate
            export JAVA_HOME
            return 0
        fi
    done
    cat >&2 <<TEXT
Trellis needs a JDK $JDK_MIN or newer, and found none in JAVA_HOME, on the PATH or in the usual folders.
Install one, for example Eclipse Temurin $JDK_MIN (package temurin-$JDK_MIN-jdk, or "sdk install java $JDK_MIN-tem"),
or set JAVA_HOME to its folder, and try again.
TEXT
    exit 7
}

need_maven() {
    if ! command -v mvn >/dev/null 2>&1; then
        echo "Building Trellis needs Maven 3.8 or newer on the PATH: install the package 'maven', and try again." >&2
        exit 7
    fi
}
