/**
 * Training and judging image classifiers: optimizers, trainer, checkpoints, evaluation, saved models and pictures of the curves.
 *
 * <pre>{@code
 * History history = Trainer.builder().epochs(20).build().fit(classifier, train, test);
 * }</pre>
 *
 * <p>Start at {@link io.github.squeeze4j.training.Trainer}, which trains an
 * {@link io.github.squeeze4j.training.ImageClassifier} on
 * {@link io.github.squeeze4j.images.LabelledPictures}. Most users
 * need no other class. Charts need {@code org.knowm.xchart:xchart} on the class path; nothing else here does.
 *
 * @serial exclude
 */
package io.github.squeeze4j.training;
