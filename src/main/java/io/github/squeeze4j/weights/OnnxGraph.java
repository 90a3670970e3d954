package io.github.squeeze4j.weights;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.nd4j.linalg.api.ndarray.INDArray;

/** An ONNX graph in the making, in protobuf's wire format: nodes in order, initialisers, one input, outputs. Float32 throughout. */
final class OnnxGraph {
    /** Of the operators. */
    static final int OPSET = 17;

    private static final int IR_VERSION = 8;
    private static final int FLOAT = 1;
    private static final int INT64 = 7;
    private static final int ATTRIBUTE_FLOAT = 1;
    private static final int ATTRIBUTE_INT = 2;
    private static final int ATTRIBUTE_INTS = 7;
    private static final String BATCH = "N";

    private final Message nodes = new Message();
    private final Message tensors = new Message();
    private final Message ends = new Message();
    private int constants;

    /** A protobuf message. */
    private static final class Message {
        private final ByteArrayOutputStream out = new ByteArrayOutputStream();

        private Message raw(long value) {
            long left = value;
            while ((left & ~0x7fL) != 0) {
                out.write((int) (left & 0x7f | 0x80));
                left >>>= 7;
            }
            out.write((int) left);
            return this;
        }

        Message number(int field, long value) {
            return raw(field << 3).raw(value);
        }

        Message real(int field, float value) {
            raw(field << 3 | 5);
            out.writeBytes(ByteBuffer.allocate(Float.BYTES)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putFloat(value)
                    .array());
            return this;
        }

        Message bytes(int field, byte[] content) {
            raw(field << 3 | Wire.BYTES).raw(content.length);
            out.writeBytes(content);
            return this;
        }

        Message text(int field, String content) {
            return bytes(field, content.getBytes(StandardCharsets.UTF_8));
        }

        Message message(int field, Message content) {
            return bytes(field, content.out.toByteArray());
        }

        Message append(Message other) {
            out.writeBytes(other.out.toByteArray());
            return this;
        }
    }

    /** One call of an operator. */
    final class Node {
        private final Message message = new Message();
        private final String operator;

        private Node(String operator, String... inputs) {
            this.operator = operator;
            for (String input : inputs) {
                message.text(1, input);
            }
        }

        Node ints(String name, long... values) {
            Message attribute = new Message().text(1, name);
            for (long value : values) {
                attribute.number(8, value);
            }
            message.message(5, attribute.number(20, ATTRIBUTE_INTS));
            return this;
        }

        Node number(String name, long value) {
            message.message(5, new Message().text(1, name).number(3, value).number(20, ATTRIBUTE_INT));
            return this;
        }

        Node real(String name, double value) {
            message.message(
                    5, new Message().text(1, name).real(2, (float) value).number(20, ATTRIBUTE_FLOAT));
            return this;
        }

        /** Ends the call; its one result has this name. */
        String as(String output) {
            nodes.message(1, message.text(2, output).text(3, output).text(4, operator));
            return output;
        }
    }

    Node node(String operator, String... inputs) {
        return new Node(operator, inputs);
    }

    /** An initialiser of float32. */
    String tensor(String name, INDArray values, long... shape) {
        INDArray flat = values.dup('c').reshape('c', new long[] {values.length()});
        ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(Float.BYTES * values.length()))
                .order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(flat.toFloatVector());
        return add(name, FLOAT, bytes, shape);
    }

    /** An initialiser of one float32. */
    String number(double value) {
        ByteBuffer bytes = ByteBuffer.allocate(Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        return add("constant" + constants++, FLOAT, bytes.putFloat((float) value));
    }

    /** An initialiser of sizes or axes. */
    String integers(long... values) {
        ByteBuffer bytes = ByteBuffer.allocate(Long.BYTES * values.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asLongBuffer().put(values);
        return add("constant" + constants++, INT64, bytes, values.length);
    }

    private String add(String name, int type, ByteBuffer bytes, long... shape) {
        Message tensor = new Message();
        for (long size : shape) {
            tensor.number(1, size);
        }
        tensors.message(5, tensor.number(2, type).text(8, name).bytes(9, bytes.array()));
        return name;
    }

    void input(String name, long... sizes) {
        ends.message(11, end(name, sizes));
    }

    void output(String name, long... sizes) {
        ends.message(12, end(name, sizes));
    }

    /** Sizes behind the batch, which is free. */
    private static Message end(String name, long... sizes) {
        Message shape = new Message().message(1, new Message().text(2, BATCH));
        for (long size : sizes) {
            shape.message(1, new Message().number(1, size));
        }
        Message tensor = new Message().number(1, FLOAT).message(2, shape);
        return new Message().text(1, name).message(2, new Message().message(1, tensor));
    }

    /** The whole model. */
    byte[] model() {
        Message graph =
                new Message().append(nodes).text(2, "squeeze4j").append(tensors).append(ends);
        return new Message()
                .number(1, IR_VERSION)
                .text(2, "squeeze4j")
                .message(7, graph)
                .message(8, new Message().text(1, "").number(2, OPSET))
                .out
                .toByteArray();
    }
}
