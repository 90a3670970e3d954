package io.github.squeeze4j.engine;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.function.Supplier;
import org.nd4j.linalg.api.ndarray.INDArray;

/** An array that is computed when it is first read. */
final class LazyArray implements InvocationHandler {
    private final Supplier<INDArray> array;
    private final INDArray token;

    private LazyArray(Supplier<INDArray> array, INDArray token) {
        this.array = array;
        this.token = token;
    }

    /**
     * @param array gives at each call what is read; it may change, and should be quick but for the first time
     * @param token stands for it where nobody reads
     */
    static INDArray of(Supplier<INDArray> array, INDArray token) {
        return (INDArray) Proxy.newProxyInstance(
                LazyArray.class.getClassLoader(), new Class<?>[] {INDArray.class}, new LazyArray(array, token));
    }

    /** The token of a lazy array; any other array itself. */
    static INDArray token(INDArray array) {
        return array != null && Proxy.isProxyClass(array.getClass())
                ? ((LazyArray) Proxy.getInvocationHandler(array)).token
                : array;
    }

    @Override
    public Object invoke(Object proxy, Method method, Object[] arguments) throws Throwable {
        try {
            return method.invoke(array.get(), arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }
}
