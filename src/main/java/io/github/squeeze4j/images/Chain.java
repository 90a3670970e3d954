package io.github.squeeze4j.images;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** Transforms one after the other. */
final class Chain implements Transform {
    private final List<Transform> links;

    private Chain(List<Transform> links) {
        this.links = links;
    }

    static Chain of(Transform... transforms) {
        List<Transform> links = new ArrayList<>();
        for (Transform transform : transforms) {
            links.addAll(transform instanceof Chain ? ((Chain) transform).links : List.of(transform));
        }
        return new Chain(List.copyOf(links));
    }

    @Override
    public Picture apply(Picture picture, Draws draws) {
        Picture changed = picture;
        for (Transform link : links) {
            changed = link.apply(changed, draws.split());
        }
        return changed;
    }

    @Override
    public String toString() {
        return links.stream().map(Object::toString).collect(Collectors.joining(", "));
    }
}
