const words = (
  "a queue keeps what waits until there is somebody free for it and so the work goes on one piece " +
  "after the other while each token leaves as soon as it is made"
).split(" ");

/**
 * Tokens that follow a prompt, one by one, as a language model makes them: the same for the same
 * prompt, and of no meaning. A token is a word with the space before it.
 */
export function* generate(prompt: string, count: number): Generator<string> {
  let state = hash(prompt);
  for (let i = 0; i < count; i++) {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + i | 0;
    const word = words[(state >>> 8) % words.length] ?? "";
    yield i === 0 ? word : ` ${word}`;
  }
}

/** FNV-1a. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  }
  return value;
}
