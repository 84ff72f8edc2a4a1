/**
 * Whether a topic pattern matches a topic, by RabbitMQ's rules for topic exchanges: both are words
 * parted by dots, `*` stands for exactly one word and `#` for any number of them, none included.
 * Only a word that is `*` or `#` alone is a wildcard. An empty string has no words at all.
 *
 * @example
 * ```ts
 * topicMatches("order.*", "order.paid"); // true
 * topicMatches("order.*", "order.paid.twice"); // false
 * topicMatches("order.#", "order"); // true
 * ```
 */
export function topicMatches(pattern: string, topic: string): boolean {
  if (pattern === topic || pattern === "#") return true;
  return matchWords(words(pattern), words(topic));
}

function words(text: string): string[] {
  return text === "" ? [] : text.split(".");
}

/**
 * Glob matching that remembers only the latest `#`: when words fail to match after it, that `#`
 * swallows one word more. An earlier `#` never has to, so this takes pattern x topic steps at most.
 */
function matchWords(pattern: readonly string[], topic: readonly string[]): boolean {
  let at = 0;
  let word = 0;
  let hash = -1;
  let swallowed = 0;
  while (word < topic.length) {
    if (pattern[at] === "#") {
      hash = at++;
      swallowed = word;
    } else if (at < pattern.length && (pattern[at] === "*" || pattern[at] === topic[word])) {
      at++;
      word++;
    } else if (hash >= 0) {
      at = hash + 1;
      word = ++swallowed;
    } else {
      return false;
    }
  }
  while (pattern[at] === "#") at++;
  return at === pattern.length;
}
