package io.github.squeeze4j.explain;

import java.util.Locale;

/**
 * The one colour scale of all pictures: viridis, in which equal steps of the number are equal steps for the eye, for readers who
 * are colour-blind as for others, and which stays in order when printed in grey. Dark violet is 0, yellow is 1.
 *
 * <p>By Nathaniel J. Smith, Stefan van der Walt and Eric Firing, given to the public domain (CC0); 64 of its 256 colours.
 */
final class ColourScale {
    private static final int[] COLOURS = {
        0x440154, 0x46075A, 0x470D60, 0x471365, 0x48186A, 0x481D6F, 0x482374, 0x482878,
        0x472D7B, 0x46327E, 0x453781, 0x443B84, 0x424086, 0x404588, 0x3E4989, 0x3D4E8A,
        0x3A538B, 0x38588C, 0x365C8D, 0x34608D, 0x32648E, 0x31688E, 0x2F6C8E, 0x2D708E,
        0x2C738E, 0x2A778E, 0x297B8E, 0x277F8E, 0x26828E, 0x24868E, 0x238A8D, 0x218E8D,
        0x20928C, 0x1F968B, 0x1F9A8A, 0x1F9E89, 0x1FA187, 0x21A585, 0x23A983, 0x26AD81,
        0x2AB07F, 0x2FB47C, 0x35B779, 0x3BBB75, 0x42BE71, 0x4AC16D, 0x52C569, 0x5AC864,
        0x65CB5E, 0x6ECE58, 0x77D153, 0x81D34D, 0x8BD646, 0x95D840, 0xA0DA39, 0xAADC32,
        0xB5DE2B, 0xC0DF25, 0xCAE11F, 0xD5E21A, 0xDFE318, 0xEAE51A, 0xF4E61E, 0xFDE725,
    };

    private ColourScale() {}

    /** The colour of a number from 0 to 1, 0xRRGGBB. */
    static int rgb(float value) {
        float place = Math.max(0, Math.min(1, value)) * (COLOURS.length - 1);
        int below = Math.min((int) place, COLOURS.length - 2);
        float share = place - below;
        int rgb = 0;
        for (int shift = 16; shift >= 0; shift -= 8) {
            int from = COLOURS[below] >> shift & 0xFF;
            int to = COLOURS[below + 1] >> shift & 0xFF;
            rgb |= Math.round(from + (to - from) * share) << shift;
        }
        return rgb;
    }

    /** As HTML and SVG write it. */
    static String hex(float value) {
        return String.format(Locale.ROOT, "#%06x", rgb(value));
    }
}
