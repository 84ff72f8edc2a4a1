/** How many features a text is hashed to. */
const features = 4096;
/** How many numbers an embedding has. */
export const dimensions = 512;

/** How many texts are multiplied at once: a weight that is at hand meets all of them. */
const together = 8;

/** A text's embedding, of length 1 (or all zeros for a text without a word). */
export type Embedding = Float32Array;

/**
 * The embeddings of some texts: vectors that lie close together when the texts have words in
 * common. A random projection of what is hashed in each text keeps distances nearly as they were
 * (Johnson and Lindenstrauss).
 *
 * The matrix of the projection is too large to be worth keeping, and is made again from its seed,
 * row by row, for each call. That is what a call costs, for one text as for many: texts that come
 * together share it.
 */
export function embed(texts: readonly string[]): Embedding[] {
  const columns = texts.map(hashedNgrams);
  const groups: Float32Array[] = [];
  const whole = columns.length - columns.length % together;
  for (let i = 0; i < whole; i += together) groups.push(sideBySide(columns.slice(i, i + together)));
  const singles = columns.slice(whole);

  const embeddings = texts.map(() => new Float32Array(dimensions));
  const weights = new Float32Array(features);
  const next = randomWeights();
  for (let row = 0; row < dimensions; row++) {
    for (let i = 0; i < features; i++) weights[i] = next();
    const products = groups.flatMap((group) => timesEight(weights, group));
    for (const column of singles) products.push(times(weights, column));
    for (const [i, product] of products.entries()) (embeddings[i] as Embedding)[row] = product;
  }
  return embeddings.map(unit);
}

/**
 * A text as counts of its words and of the three-letter pieces of them, each hashed to one of the
 * features: words that are written alike share pieces.
 */
export function hashedNgrams(text: string): Float32Array {
  const counts = new Float32Array(features);
  for (const word of text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []) {
    add(counts, word, 2);
    const marked = `<${word}>`;
    for (let i = 0; i + 3 <= marked.length; i++) add(counts, marked.slice(i, i + 3), 1);
  }
  return counts;
}

function add(counts: Float32Array, piece: string, weight: number): void {
  const at = hash(piece) % features;
  counts[at] = (counts[at] ?? 0) + weight;
}

/** FNV-1a. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  }
  return value >>> 0;
}

/** Numbers from -0.5 to 0.5, the same in every run (Marsaglia's xorshift). */
function randomWeights(): () => number {
  let state = 0x9e3779b9;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32 - 0.5;
  };
}

/** Eight columns as one, in which their first numbers come first, then their second ones ... */
function sideBySide(columns: readonly Float32Array[]): Float32Array {
  const group = new Float32Array(features * together);
  for (const [c, column] of columns.entries()) {
    for (let i = 0; i < features; i++) group[i * together + c] = column[i] as number;
  }
  return group;
}

function times(weights: Float32Array, column: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < features; i++) sum += (weights[i] as number) * (column[i] as number);
  return sum;
}

function timesEight(weights: Float32Array, group: Float32Array): number[] {
  let [s0, s1, s2, s3, s4, s5, s6, s7] = [0, 0, 0, 0, 0, 0, 0, 0];
  for (let i = 0, at = 0; i < features; i++, at += together) {
    const weight = weights[i] as number;
    s0 += weight * (group[at] as number);
    s1 += weight * (group[at + 1] as number);
    s2 += weight * (group[at + 2] as number);
    s3 += weight * (group[at + 3] as number);
    s4 += weight * (group[at + 4] as number);
    s5 += weight * (group[at + 5] as number);
    s6 += weight * (group[at + 6] as number);
    s7 += weight * (group[at + 7] as number);
  }
  return [s0, s1, s2, s3, s4, s5, s6, s7];
}

function unit(vector: Float32Array): Embedding {
  const length = Math.hypot(...vector);
  return length === 0 ? vector : vector.map((value) => value / length);
}
