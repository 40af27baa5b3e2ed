package dev.trellis.host.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Executable;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Type;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class PublicApiTest {
    @Test
    void publicSignatures_neverNameTheRuntime() throws Exception {
        List<String> leaks = new ArrayList<>();
        int looked = 0;
        for (Class<?> type : publicClasses()) {
            for (Executable member : Stream.<Executable>concat(
                            Arrays.stream(type.getDeclaredMethods()), Arrays.stream(type.getDeclaredConstructors()))
                    .toList()) {
                if (Modifier.isPublic(member.getModifiers()) || Modifier.isProtected(member.getModifiers())) {
                    looked++;
                    List<Type> types = new ArrayList<>(List.of(member.getGenericParameterTypes()));
                    types.addAll(List.of(member.getGenericExceptionTypes()));
                    if (member instanceof Method method) {
                        types.add(method.getGenericReturnType());
                    }
                    if (types.toString().contains("com.dylibso")) {
                        leaks.add(member.toString());
                    }
                }
            }
        }
        assertThat(looked).isGreaterThan(50);
        assertThat(leaks).isEmpty();
    }

    private static List<Class<?>> publicClasses() throws Exception {
        List<Class<?>> classes = new ArrayList<>();
        for (Path file : classFiles()) {
            String name = file.getFileName().toString().replace(".class", "");
            if (!name.equals("package-info")) {
                Class<?> type = Class.forName(WasmEngine.class.getPackageName() + "." + name);
                if (Modifier.isPublic(type.getModifiers())) {
                    classes.add(type);
                }
            }
        }
        return classes;
    }

    private static List<Path> classFiles() throws URISyntaxException, IOException {
        Path location = Path.of(WasmEngine.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toURI());
        try (Stream<Path> files = Files.list(location.resolve("dev/trellis/host/engine"))) {
            return files.filter(file -> file.toString().endsWith(".class")).toList();
        }
    }
}
