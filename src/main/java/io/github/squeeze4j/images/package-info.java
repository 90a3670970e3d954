/**
 * Pictures for networks: files, folders and lists of them, preprocessing, augmentation, batches.
 *
 * <p>Start at {@link io.github.squeeze4j.images.PictureSets}, which says what a folder holds, and
 * {@link io.github.squeeze4j.images.PictureBatches}, which gives it to any DL4J network. What is done to each picture
 * stands in a {@link io.github.squeeze4j.images.Preset}. JPEG in four colours, WebP and some others need
 * {@code org.bytedeco:opencv} with its natives on the class path; the rest does not.
 *
 * @serial exclude
 */
package io.github.squeeze4j.images;
