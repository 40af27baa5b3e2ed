package dev.trellis.lattice.contracts;

import dev.trellis.lattice.model.ContractId;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * A contract that Trellis knows: a service of a {@code .proto} file and its operation table.
 *
 * @param id the name that links and routes use
 * @param faces other names by which guests know the same contract, such as {@code wasi:keyvalue}
 */
public record Contract(ContractId id, List<ContractId> faces, Map<String, Operation> operations) {
    public Contract {
        faces = List.copyOf(faces);
        operations = Map.copyOf(operations);
    }

    static Contract of(ContractId id, List<ContractId> faces, Operation... operations) {
        return new Contract(
                id,
                faces,
                List.of(operations).stream().collect(Collectors.toMap(Operation::name, Function.identity())));
    }

    /** The operation called {@code name}; empty if the contract has none. */
    public Optional<Operation> operation(String name) {
        return Optional.ofNullable(operations.get(name));
    }
}
