/**
 * Many machines: scoring, evaluation and training on a cluster of Apache Spark.
 *
 * <p>Start at {@link io.github.squeeze4j.spark.PictureClassifier}. Needs Spark 3.5 for Scala 2.12 on the class path,
 * {@code org.apache.spark:spark-mllib_2.12}, which the library does not bring; {@link
 * io.github.squeeze4j.spark.SparkRuntime#require()} says what is missing. The page {@code docs/spark.md} tells how to run it.
 */
package io.github.squeeze4j.spark;
