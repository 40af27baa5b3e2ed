package dev.trellis.host.wasi;

import com.google.protobuf.UnsafeByteOperations;
import dev.trellis.host.actor.CallEndedException;
import dev.trellis.host.actor.GuestCall;
import dev.trellis.host.component.ComponentImports;
import dev.trellis.host.component.ComponentInstance;
import dev.trellis.host.component.ComponentLinkException;
import dev.trellis.host.component.ExternType;
import dev.trellis.host.component.FunctionForm;
import dev.trellis.host.component.FunctionType;
import dev.trellis.host.component.InstanceType;
import dev.trellis.host.component.ValidComponent;
import dev.trellis.host.component.ValueFormException;
import dev.trellis.lattice.contracts.InvocationException;
import dev.trellis.lattice.contracts.InvocationFailure;
import dev.trellis.lattice.contracts.Payload;
import dev.trellis.lattice.model.LinkName;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The interfaces of a component's own WIT that it imports, made of functions that call other actors over its links. */
final class LinkedInterfaces {
    private LinkedInterfaces() {}

    /**
     * Those that {@code component} imports and {@code offered} does not have.
     *
     * @throws ComponentLinkException if a function of them cannot be called over a link
     */
    static ComponentImports of(ValidComponent component, ComponentImports offered) {
        ComponentImports linked = ComponentImports.none();
        for (Map.Entry<String, ExternType> wanted : component.type().imports().entrySet()) {
            if (wanted.getValue() instanceof ExternType.Instance(InstanceType type)
                    && offered.find(wanted.getKey()).isEmpty()) {
                Optional<OwnInterface> own = OwnInterface.parse(wanted.getKey());
                if (own.isPresent()) {
                    linked = linked.and(functions(own.get(), type));
                }
            }
        }
        return linked;
    }

    private static ComponentImports.Interface functions(OwnInterface own, InstanceType type) {
        ComponentImports.Interface.Builder builder = ComponentImports.Interface.named(own.name());
        type.exports().forEach((name, export) -> {
            if (export instanceof ExternType.Function(FunctionType function)) {
                String subject = "import " + own.name() + ", function " + name;
                FunctionForm form = FunctionForm.of(subject, function);
                String operation = own.operation(name)
                        .orElseThrow(() ->
                                new ComponentLinkException(subject, "its name is too long to be called by a link"));
                builder.function(name, new Call(own, operation, form));
            }
        });
        return builder.build();
    }

    /** One function: a call of the actor that the link of its interface points to. */
    private record Call(OwnInterface own, String operation, FunctionForm form) implements ComponentImports.Function {
        @Override
        public @Nullable Object call(ComponentInstance instance, @Nullable Object[] args) throws InterruptedException {
            WasiCall call = instance.attachment(WasiCall.class);
            call.countHostCall();
            try {
                byte[] request = form.writeCall(args, call.limits().payloadBytesMax());
                Payload reply = call.services()
                        .call(
                                call.parent(),
                                new GuestCall(
                                        LinkName.DEFAULT,
                                        own.contract(),
                                        operation,
                                        new Payload.Opaque(UnsafeByteOperations.unsafeWrap(request))));
                return form.readResult(reply.toBytes().toByteArray());
            } catch (InvocationException e) {
                throw failed(call, e.failure());
            } catch (ValueFormException e) {
                throw failed(call, OwnInterface.failure(own.name() + ", reply of " + operation, e));
            }
        }

        /** The function has no way to tell the guest of it, whatever its result is. */
        private CallEndedException failed(WasiCall call, InvocationFailure cause) {
            call.remember(cause);
            return new CallEndedException(new InvocationFailure.ActorFailed(
                    call.actor().value(),
                    InvocationFailure.limited("its call of %s by link failed (%s): %s; it calls the function as %s"
                            .formatted(
                                    own.name() + "#" + function(), cause.kind(), cause.describe(), form.signature())),
                    Optional.of(cause)));
        }

        private String function() {
            return operation.substring(operation.indexOf('#') + 1);
        }
    }
}
